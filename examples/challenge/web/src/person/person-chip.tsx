import { Pencil } from 'lucide-react'
import { type FormEvent, useRef } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'
import { Initials } from '../ui/initials.tsx'
import { person } from './person.ts'
import { usePerson } from './use-person.ts'

/** Who this window is, and behind it the way to be called something else. */
export function PersonChip() {
  const current = usePerson()
  const dialog = useRef<HTMLDialogElement>(null)
  if (!current) return null
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const name = String(new FormData(event.currentTarget).get('name') ?? '')
    dialog.current?.close()
    person.rename(name).catch((error) => toast.error(`Still ${current.name}. ${wordsOf(error)}`))
  }
  return (
    <>
      <button type="button" className="person" onClick={() => dialog.current?.showModal()}>
        <Initials name={current.name} />
        <span className="person-name" aria-hidden="true">
          {current.name}
        </span>
        <span className="visually-hidden">You are {current.name}. Change your name</span>
        <Pencil size={14} aria-hidden="true" />
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="rename">
        <form className="form" onSubmit={submit} key={current.name}>
          <h2 id="rename">What shall others call you?</h2>
          <label className="field">
            Name
            <input name="name" required maxLength={40} defaultValue={current.name} autoComplete="nickname" />
          </label>
          <div className="form-end">
            <button type="button" className="button button-quiet" onClick={() => dialog.current?.close()}>
              Not now
            </button>
            <button type="submit" className="button">
              Save
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}
