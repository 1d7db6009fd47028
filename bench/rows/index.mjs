import { clientEvent } from './client-event/row.mjs'

/**
 * Every row that can be measured. A row is
 * `{ name, title, unit, about, baseline, settings, packages, variants, measure }`:
 * - `variants`: `{ name, label, target? }` each, `target` the highest ratio to the baseline that is aimed at;
 * - `settings`: numbers by name, which `--set` can change;
 * - `packages`: the names of the packages whose versions belong in the report;
 * - `measure(variant, { settings, profile })` resolves to `{ value, notes, warnings }` of one round: `value` in `unit`,
 *   `notes` any numbers for the JSON, `warnings` lines that say why the round may be wrong.
 */
export const rows = [clientEvent]
