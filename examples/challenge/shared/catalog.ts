/** What a player can build, and what each is called. */
export const buildings = [
  { type: 'farm', name: 'Farm' },
  { type: 'mine', name: 'Mine' },
  { type: 'sawmill', name: 'Sawmill' },
  { type: 'market', name: 'Market' },
  { type: 'school', name: 'School' },
  { type: 'harbour', name: 'Harbour' },
] as const

/** What a host can ask for; `noun` follows the number. */
export const exercises = [
  { type: 'push_ups', noun: 'push-ups', target: 20 },
  { type: 'sit_ups', noun: 'sit-ups', target: 30 },
  { type: 'jumping_jacks', noun: 'jumping jacks', target: 50 },
  { type: 'squats', noun: 'squats', target: 25 },
  { type: 'burpees', noun: 'burpees', target: 10 },
  { type: 'plank', noun: 'seconds of plank', target: 60 },
] as const
