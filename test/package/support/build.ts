import { buildIfStale } from '../../../scripts/prepare.mjs'

/** Runs once before the package tests, which judge what is built and not what is written. */
export async function setup(): Promise<void> {
  await buildIfStale()
}
