import { Children, type ReactNode, useId } from 'react'

export interface SectionProps {
  readonly title: string
  readonly count: number
  /** What to say when there is nothing in it. */
  readonly empty: string
  readonly children: ReactNode
}

/** A titled list with its count. */
export function Section({ title, count, empty, children }: SectionProps) {
  const id = useId()
  return (
    <section className="section" aria-labelledby={id}>
      <h2 id={id}>
        {title} <span className="count">{count}</span>
      </h2>
      {Children.count(children) === 0 ? (
        <p className="section-empty">{empty}</p>
      ) : (
        <ul className="rows">{children}</ul>
      )}
    </section>
  )
}
