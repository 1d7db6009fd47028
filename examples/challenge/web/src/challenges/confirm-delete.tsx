import { useEffect, useRef } from 'react'

/** What somebody wants to delete. */
export interface Asked {
  readonly id: number
  readonly name: string
}

export interface ConfirmDeleteProps {
  readonly asked: Asked | undefined
  readonly onSure: (asked: Asked) => void
  readonly onClose: () => void
}

/** Asks once more before something goes for everyone. */
export function ConfirmDelete({ asked, onSure, onClose }: ConfirmDeleteProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (asked) dialog.current?.showModal()
  }, [asked])
  const sure = () => {
    dialog.current?.close()
    if (asked) onSure(asked)
  }
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="confirm-delete" onClose={onClose}>
      <div className="form">
        <h2 id="confirm-delete">Delete “{asked?.name}” for everyone?</h2>
        <div className="form-end">
          <button type="button" className="button button-quiet" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="button" className="button button-danger" onClick={sure}>
            Delete
          </button>
        </div>
      </div>
    </dialog>
  )
}
