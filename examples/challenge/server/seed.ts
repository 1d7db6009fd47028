/** A challenge before it is a row: it starts switched off unless `isActive` says otherwise. */
export interface SeedChallenge {
  readonly name: string
  readonly description: string
  readonly category: string
  readonly isActive?: boolean
}

/** What an empty database is filled with. */
export const seedChallenges: readonly SeedChallenge[] = [
  {
    name: 'Phone-free mornings',
    description: 'Leave the phone in another room until you have had breakfast.',
    category: 'Focus',
    isActive: true,
  },
  {
    name: 'One thing at a time',
    description: 'Two blocks of 45 minutes a day with a single task and every tab but one closed.',
    category: 'Focus',
  },
  {
    name: 'Ten thousand steps',
    description: 'Walk there. A detour past something green counts double.',
    category: 'Body',
    isActive: true,
  },
  {
    name: 'Lights out by eleven',
    description: 'Screens off at half past ten, the lamp off by eleven, seven nights in a row.',
    category: 'Body',
  },
  {
    name: 'Twenty pages',
    description: 'Read twenty pages of a printed book every day, wherever you are.',
    category: 'Mind',
  },
  {
    name: 'Five new words',
    description: 'Learn five words of a language that you do not speak yet, and use one of them.',
    category: 'Mind',
  },
  {
    name: 'Lunch in company',
    description: 'Eat with somebody who is not on your team, three times this week.',
    category: 'Together',
  },
  {
    name: 'A letter a week',
    description: 'Write to one person by hand, put a stamp on it and post it.',
    category: 'Together',
  },
]

/** The game that is there from the start. */
export const seedGame = { code: 'ABC123', name: 'The Trading Game' } as const
