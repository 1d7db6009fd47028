const width = 760
const left = 230
const right = 70
const top = 62
const step = 34
const barHeight = 16
const plot = width - left - right

/** Colours that both a light and a dark page leave readable; the page's scheme chooses. */
const style = `
  svg { --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --peer: #8c959f; --own: #1f6feb; --goal: #bc4c00 }
  @media (prefers-color-scheme: dark) {
    svg { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --peer: #767e88; --own: #4493f8; --goal: #f0883e }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--text) }
  .title { font-size: 15px; font-weight: 600 }
  .soft { fill: var(--soft); font-size: 12px }
  .grid { stroke: var(--line) }
  .peer { fill: var(--peer) }
  .own { fill: var(--own) }
  .range { stroke: var(--text); stroke-width: 1.5 }
  .goal { stroke: var(--goal); stroke-width: 2.5 }
  .goal-text { fill: var(--goal); font-size: 12px }`

const escaped = (text) =>
  text.replaceAll('`', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The highest ratio that the axis shows, and the step between its lines. */
function axisOf(results) {
  const most = Math.max(1, ...results.map(({ ratio, target = 0 }) => Math.max(ratio.max, target)))
  const every = [0.25, 0.5, 1, 2, 5, 10].find((size) => most / size <= 6) ?? Math.ceil(most / 6)
  const end = Math.ceil(most / every) * every
  const lines = Array.from({ length: Math.round(end / every) + 1 }, (_, index) => index * every)
  return { lines, x: (ratio) => left + (Math.min(ratio, end) / end) * plot }
}

const line = (kind, [x1, y1], [x2, y2]) =>
  `<line class="${kind}" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`

const text = (content, [x, y], { kind = '', anchor = 'start' } = {}) =>
  `<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`

/** One variant: a bar for the median of the ratios, a line for their range, a mark for the target. */
function bar({ name, label, ratio, target }, { index, x }) {
  const y = top + index * step
  const middle = y + barHeight / 2
  const kind = name.startsWith('syncline') ? 'own' : 'peer'
  const barWidth = Math.max(1, x(ratio.median) - left)
  const goal = target && [
    line('goal', [x(target), y - 5], [x(target), y + barHeight + 5]),
    text(`target ${target.toFixed(2)}`, [x(target) + 5, y + barHeight + 13], { kind: 'goal-text' }),
  ]
  return [
    text(label, [left - 10, middle + 4.5], { anchor: 'end' }),
    `<rect class="${kind}" x="${left}" y="${y}" width="${barWidth.toFixed(1)}" height="${barHeight}" rx="2"/>`,
    line('range', [x(ratio.min), middle], [x(ratio.max), middle]),
    text(ratio.median.toFixed(2), [Math.max(x(ratio.max), x(target ?? 0)) + 8, middle + 4.5]),
    ...(goal ?? []),
  ]
}

/** The ratios of a row to its baseline as an SVG picture: less is better. */
export function toChart({ title, unit, baseline }, results) {
  const height = top + results.length * step + 44
  const { lines, x } = axisOf(results)
  const bottom = top + results.length * step + 4
  const { value } = results.find(({ name }) => name === baseline)
  const note = `Ratio to "${baseline}" (${value.median.toFixed(2)} ${unit}), less is better: median of the rounds, their range`
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}\n</style>`,
    text(title, [16, 24], { kind: 'title' }),
    text(note, [16, 44], { kind: 'soft' }),
    ...lines.map((ratio) => line('grid', [x(ratio), top - 6], [x(ratio), bottom])),
    ...lines.map((ratio) =>
      text(ratio.toFixed(2).replace(/\.?0+$/, ''), [x(ratio), bottom + 16], {
        kind: 'soft',
        anchor: 'middle',
      }),
    ),
    ...results.flatMap((result, index) => bar(result, { index, x })),
    '</svg>',
  ].join('\n')}\n`
}
