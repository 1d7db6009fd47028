import type {
  HubDiagnostic,
  HubDiagnosticFields,
  HubDiagnosticListener,
  HubDiagnosticType,
} from './diagnostics.ts'

/** From the most to the least talkative. */
export type HubLogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What takes the lines: the console, or anything with its four methods. */
export type HubLogger = { readonly [Level in HubLogLevel]: (message: string) => void }

/**
 * Makes a listener for `hub.onDiagnostic` that writes one line for each thing that happens, from `level` on: `debug` tells of each
 * publication, delivery and request, `info` of who comes, joins, leaves and goes, `warn` of what was refused, `error` of errors. No line holds a
 * payload or a token.
 */
export function logTo(logger: HubLogger, level: HubLogLevel = 'info'): HubDiagnosticListener {
  const lowest = order.indexOf(level)
  return (diagnostic) => {
    const { type } = diagnostic
    const at = levels[type]
    if (order.indexOf(at) < lowest) return
    // Names and reasons come from the other side, and must not make lines of their own.
    logger[at](`syncline hub: ${lines[type](diagnostic as never)}`.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' '))
  }
}

/** What somebody did, or was kept from doing. */
export type AuditEntry = Extract<
  HubDiagnostic,
  {
    readonly type:
      | 'connect'
      | 'refuseUpgrade'
      | 'refuse'
      | 'subscribe'
      | 'unsubscribe'
      | 'publish'
      | 'request'
      | 'presence'
      | 'close'
  }
>

const audited: { readonly [Type in AuditEntry['type']]: true } = {
  connect: true,
  refuseUpgrade: true,
  refuse: true,
  subscribe: true,
  unsubscribe: true,
  publish: true,
  request: true,
  presence: true,
  close: true,
}

/**
 * Makes a listener for `hub.onDiagnostic` that hands on what people did, for an audit log: each entry says who, what, where and
 * when, and never what was in it. `write` must not wait: it is called while it happens.
 */
export function auditTo(write: (entry: AuditEntry) => void): HubDiagnosticListener {
  return (diagnostic) => {
    if (Object.hasOwn(audited, diagnostic.type)) write(diagnostic as AuditEntry)
  }
}

const order: readonly HubLogLevel[] = ['debug', 'info', 'warn', 'error']

const levels: { readonly [Type in HubDiagnosticType]: HubLogLevel } = {
  publish: 'debug',
  deliver: 'debug',
  request: 'debug',
  presence: 'debug',
  connect: 'info',
  subscribe: 'info',
  unsubscribe: 'info',
  close: 'info',
  drain: 'info',
  gap: 'warn',
  refuse: 'warn',
  refuseUpgrade: 'warn',
  error: 'error',
}

const lines: { readonly [Type in HubDiagnosticType]: (fields: HubDiagnosticFields[Type]) => string } = {
  connect: ({ client, user, resumed }) =>
    `${user} connected as ${client}${resumed ? ', session resumed' : ''}`,
  refuseUpgrade: ({ status, path, origin }) =>
    `refused an upgrade of ${path}${origin === undefined ? '' : ` from ${origin}`} with ${status}`,
  refuse: ({ client, user, action, channel, name, code }) =>
    `refused ${user} (${client}) ${action}${name === undefined ? '' : ` ${name}`} on ${channel} (${code})`,
  subscribe: ({ client, user, channel }) => `${user} (${client}) joined ${channel}`,
  unsubscribe: ({ client, user, channel }) => `${user} (${client}) left ${channel}`,
  publish: ({ channel, name, offset, bytes, user }) =>
    `${user ?? 'the server'} published ${name} on ${channel} at ${offset}, ${bytes} characters`,
  deliver: ({ channel, offset, sessions }) => `delivered ${offset} of ${channel} to ${sessions} sessions`,
  gap: ({ channel, reason, sessions }) => `told ${sessions} sessions of a gap in ${channel} (${reason})`,
  request: ({ user, channel, name, ms, code }) =>
    `answered ${user} ${name} on ${channel} after ${ms} ms${code === undefined ? '' : ` (${code})`}`,
  presence: ({ client, user, channel, change }) =>
    `${user} (${client}) ${change === 'enter' ? 'is present' : 'is no longer present'} on ${channel}`,
  close: ({ client, user, code, reason, ms }) => {
    const who = client === undefined ? 'someone' : `${user} (${client})`
    const why = reason === '' ? '' : `: ${reason}`
    return `${who} went after ${(ms / 1_000).toFixed(1)} s (${code ?? 'no code'}${why})`
  },
  drain: ({ overMs, sessions }) => `draining ${sessions} sessions over ${overMs} ms`,
  error: ({ code, stage, channel }) =>
    `error in ${stage}${channel === undefined ? '' : ` on ${channel}`} (${code})`,
}
