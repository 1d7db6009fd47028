/** Occurs once in each payload, and nowhere else in what a server sends: the load counts deliveries by it. */
export const mark = '^'

const noTime = '0'.repeat(16)

/** The time of this machine in milliseconds, as 16 characters with two digits after the point: the same in all its processes. */
export const timeNow = () => (performance.timeOrigin + performance.now()).toFixed(2)

/** How many characters {@link timeNow} has. */
export const timeLength = noTime.length

/** About 200 bytes as JSON. `at` travels right behind the mark. */
export const payloadOf = (seq, at = noTime) => ({
  seq,
  at: `${mark}${at}`,
  player: `player-${1000 + (seq % 9000)}`,
  team: seq % 2 === 0 ? 'harbour' : 'lantern',
  points: (seq * 7) % 1000,
  position: { x: (seq % 640) + 0.5, y: (seq % 480) + 0.25 },
  tags: ['round', 'bonus'],
  note: 'Ada passed the third gate before anyone else',
})

/** The names of channels, which are their names on the wire of every variant. */
export const channelAt = (index) => `room/${index}`
