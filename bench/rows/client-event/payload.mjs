/** The one name of an event in this row. */
export const eventName = 'scored'

/** The one channel, as a pattern and as a name on the wire, which are the same without parameters. */
export const channelName = 'game'

/** The payload of the event with this index, about 200 bytes as JSON; no two are the same. */
export const payloadAt = (index) => ({
  seq: index,
  player: `player-${1000 + (index % 9000)}`,
  team: index % 2 === 0 ? 'harbour' : 'lantern',
  points: (index * 7) % 1000,
  position: { x: (index % 640) + 0.5, y: (index % 480) + 0.25 },
  tags: ['round', 'bonus', `lap-${index % 12}`],
  note: 'Ada passed the third gate before anyone else did',
  at: 1_760_000_000_000 + index * 40,
})

/** The sum of `seq` over the first `count` payloads: what a client must arrive at that has heard each once. */
export const sumOfSeq = (count) => (count * (count - 1)) / 2
