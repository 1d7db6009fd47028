import { passThrough, startWith } from './syncline.mjs'

export const start = () => startWith(passThrough, { idempotent: true })
