import type { ReactNode } from 'react'

export interface MessageProps {
  readonly title: string
  readonly children: ReactNode
  /** Whether it tells of something that went wrong. */
  readonly isProblem?: boolean
}

/** Stands where there is nothing to show, and says why. */
export function Message({ title, children, isProblem = false }: MessageProps) {
  return (
    <div className="message" role={isProblem ? 'alert' : undefined}>
      <h2>{title}</h2>
      {children}
    </div>
  )
}
