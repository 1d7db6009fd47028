import { openWith } from './syncline.mjs'

/** The least that a Standard Schema can do: what is left is the price of Syncline itself. */
export const open = openWith({
  '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) },
})
