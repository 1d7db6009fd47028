import { Plus } from 'lucide-react'
import { type FormEvent, useRef, useState } from 'react'
import { toast } from 'sonner'
import { wordsOf } from '../net/http.ts'
import { createChallenge } from './api.ts'
import { useChallenges } from './challenges-context.tsx'

const categories = ['Focus', 'Body', 'Mind', 'Together']

/** A button, and behind it the form for another challenge. */
export function NewChallenge() {
  const { take } = useChallenges()
  const dialog = useRef<HTMLDialogElement>(null)
  const [isSending, setIsSending] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const field = (name: string) => String(new FormData(form).get(name) ?? '')
    setIsSending(true)
    try {
      const row = await createChallenge({
        name: field('name'),
        description: field('description'),
        category: field('category'),
      })
      take(row)
      form.reset()
      dialog.current?.close()
    } catch (error) {
      toast.error(`Not created. ${wordsOf(error)}`)
    } finally {
      setIsSending(false)
    }
  }
  return (
    <>
      <button type="button" className="button button-quiet" onClick={() => dialog.current?.showModal()}>
        <Plus size={18} aria-hidden="true" /> New challenge
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="new-challenge">
        <form onSubmit={submit} className="form">
          <h2 id="new-challenge">New challenge</h2>
          <label className="field">
            Name
            <input
              name="name"
              required
              maxLength={60}
              autoComplete="off"
              placeholder="No coffee after noon"
            />
          </label>
          <label className="field">
            What to do
            <textarea name="description" required maxLength={200} rows={3} />
          </label>
          <label className="field">
            Category
            <select name="category">
              {categories.map((category) => (
                <option key={category}>{category}</option>
              ))}
            </select>
          </label>
          <div className="form-end">
            <button type="button" className="button button-quiet" onClick={() => dialog.current?.close()}>
              Not now
            </button>
            <button type="submit" className="button" disabled={isSending}>
              Create
            </button>
          </div>
        </form>
      </dialog>
    </>
  )
}
