import * as v from 'valibot'
import { openWith } from './syncline.mjs'

export const open = openWith(
  v.object({
    seq: v.number(),
    player: v.string(),
    team: v.string(),
    points: v.number(),
    position: v.object({ x: v.number(), y: v.number() }),
    tags: v.array(v.string()),
    note: v.string(),
    at: v.number(),
  }),
)
