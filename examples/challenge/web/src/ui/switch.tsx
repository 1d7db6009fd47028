export interface SwitchProps {
  readonly checked: boolean
  /** Whether a change is on its way to the server. */
  readonly busy: boolean
  /** Id of the element that names the switch. */
  readonly labelledBy: string
  readonly onToggle: () => void
}

/** An on/off switch; a button underneath, so Space and Enter work. */
export function Switch({ checked, busy, labelledBy, onToggle }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={checked}
      aria-busy={busy}
      aria-labelledby={labelledBy}
      onClick={onToggle}
    >
      <span className="switch-track" aria-hidden="true">
        <span className="switch-thumb" />
      </span>
    </button>
  )
}
