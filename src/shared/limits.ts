/** How deep arrays and objects may nest in what travels: deeper, recursive code on its way could overflow its stack. */
export const maxDepth = 64
