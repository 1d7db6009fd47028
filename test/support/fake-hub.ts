import { type ConnectRequest, hubDefaults, type SessionHandlers, type SessionSocket } from 'syncline/server'

/** One connection that a transport has handed in, with the test as the hub behind it. */
export interface Accepted {
  readonly socket: SessionSocket
  readonly request: ConnectRequest
  readonly received: string[]
  readonly failures: string[]
  closedTimes: number
}

/** What a transport needs of a hub; it records, and sends only what the test says. */
export function fakeHub(onReceived: (message: string, accepted: Accepted) => void = () => {}) {
  const all: Accepted[] = []
  return {
    all,
    settings: hubDefaults,
    isTakingSessions: true,
    refused: () => {},
    accept(socket: SessionSocket, request: ConnectRequest): SessionHandlers {
      const accepted: Accepted = { socket, request, received: [], failures: [], closedTimes: 0 }
      all.push(accepted)
      return {
        received: (message) => {
          accepted.received.push(message)
          onReceived(message, accepted)
        },
        failed: ({ code }) => accepted.failures.push(code),
        closed: () => accepted.closedTimes++,
      }
    },
  }
}
