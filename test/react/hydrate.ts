import { cleanup, render } from '@testing-library/react'
import type { ReactNode } from 'react'
import { onTestFinished, vi } from 'vitest'

/** Hydrates `html` with `tree`, as a page does that a server has rendered, and gives what React complained of, now and later. */
export function hydrate(html: string, tree: ReactNode) {
  const complaints: unknown[] = []
  const written = vi.spyOn(console, 'error').mockImplementation((...args) => void complaints.push(args))
  const container = document.createElement('div')
  container.innerHTML = html
  document.body.append(container)
  onTestFinished(() => {
    cleanup()
    written.mockRestore()
  })
  render(tree, { container, hydrate: true, onRecoverableError: (error) => void complaints.push(error) })
  return { complaints, container }
}
