import { clientEvent } from './client-event/row.mjs'
import { connect, memory } from './server/connections.mjs'
import { latency } from './server/latency.mjs'
import { burst, channels, fanOut, fanOutMany } from './server/publish.mjs'
import { requests } from './server/requests.mjs'

/**
 * Every row that can be measured. A row is
 * `{ name, group, title, unit, about, baseline, settings, packages, columns?, variants, measure }`:
 * - `variants`: `{ name, label, target?, missing? }` each, `target` the highest ratio to the baseline that is aimed at, `missing` why it
 *   cannot be measured on this machine;
 * - `settings`: numbers by name, which `--set` can change;
 * - `packages`: the names of the packages whose versions belong in the report;
 * - `columns`: `{ title, note, unit, factor?, digits }` of further columns, each the median of a note;
 * - `measure(variant, { settings, profile })` resolves to `{ value, notes, warnings }` of one round: `value` in `unit`,
 *   `notes` any numbers for the JSON, `warnings` lines that say why the round may be wrong.
 */
export const rows = [fanOut, fanOutMany, burst, channels, latency, requests, memory, connect, clientEvent]
