import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const arch = { x64: 'x64', arm64: 'aarch64' }[process.arch]

/** Where npm has put Bun's program: its own installer, which would link it, does not run here. */
const bun = [`bun-${process.platform}-${arch}`, `bun-${process.platform}-${arch}-baseline`]
  .map((name) => fileURLToPath(new URL(`../../node_modules/@oven/${name}/bin/bun`, import.meta.url)))
  .find((path) => existsSync(path))

/** `hub` is a file of `hubs/`, `dialect` what the load speaks to it. */
const all = [
  { name: 'ws', label: '`ws`, a loop over the clients', hub: 'ws', dialect: 'plain' },
  { name: 'ws-framed', label: '`ws`, framed once', hub: 'ws-framed', dialect: 'plain' },
  { name: 'socket.io', label: '`socket.io`', hub: 'socket-io', dialect: 'socket-io' },
  { name: 'crossws', label: '`crossws` on Node', hub: 'crossws', dialect: 'plain' },
  {
    name: 'bun',
    label: "Bun's own server",
    hub: 'bun',
    dialect: 'plain',
    runtime: bun,
    missing: bun ? undefined : 'npm has no Bun for this machine',
  },
  { name: 'syncline', label: '`syncline`, pass-through schema', hub: 'syncline', dialect: 'syncline' },
  { name: 'syncline-zod', label: '`syncline`, zod', hub: 'syncline-zod', dialect: 'syncline' },
]

/** The variants of a row, with the highest ratio that is aimed at for Syncline; `without` names those that have no say in it. */
export const variantsFor = (target, without = []) =>
  all
    .filter(({ name }) => !without.includes(name))
    .map((variant) => (variant.name === 'syncline' ? { ...variant, target } : variant))

/** Whose versions belong in the report of a row. */
export const packages = ['syncline', 'ws', 'socket.io', 'crossws', 'bun', 'zod']
