/** A disc with the first letters of a name, in a colour that is always the same for it. */
export function Initials({ name }: { readonly name: string }) {
  const letters = name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
  return (
    <span className="initials" style={{ '--hue': hueOf(name) } as React.CSSProperties} aria-hidden="true">
      {letters.toUpperCase()}
    </span>
  )
}

function hueOf(name: string): number {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + letter.charCodeAt(0)) % 360
  return sum
}
