import { Children, type ReactNode, useEffect, useId, useRef } from 'react'

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
  const heading = useRef<HTMLHeadingElement>(null)
  const focused = useRef<Element>(null)
  // Who works by the keyboard would else be thrown back to the top of the page when a row goes.
  useEffect(() => {
    if (!focused.current || focused.current.isConnected) return
    focused.current = null
    if (document.activeElement === document.body) heading.current?.focus()
  })
  return (
    <section
      className="section"
      aria-labelledby={id}
      onFocus={({ target }) => {
        focused.current = target
      }}
      onBlur={({ target }) => {
        if (target.isConnected) focused.current = null
      }}
    >
      <h2 id={id} ref={heading} tabIndex={-1}>
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
