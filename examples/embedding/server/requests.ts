import type { IncomingMessage, ServerResponse } from 'node:http'
import { healthHandler } from 'syncline/server'
import { hub, say } from './hub.ts'

const health = healthHandler(hub)

/** The routes of a server without a framework. */
export function onRequest(request: IncomingMessage, response: ServerResponse): void {
  // Not `new URL`, which throws for the likes of `//`.
  const [path, query] = (request.url ?? '/').split('?', 2)
  if (path === '/health') health(request, response)
  else if (path === '/say' && request.method === 'POST') answer(response, textOf(query))
  else response.writeHead(404).end()
}

function answer(response: ServerResponse, text: string): void {
  say(text).then(
    (position) => response.setHeader('content-type', 'application/json').end(JSON.stringify(position)),
    // Nobody else would: a rejection that is not caught ends the process.
    () => response.writeHead(500).end(),
  )
}

function textOf(query: string | undefined): string {
  return new URLSearchParams(query).get('text') ?? ''
}
