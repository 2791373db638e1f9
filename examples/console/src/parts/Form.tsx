import { createContext, type ReactNode, type SubmitEvent, useContext, useId, useRef, useState } from 'react'
import { nameOf, type Problem, problemOf } from '../api/problem'
import { ProblemMessage } from './ProblemMessage'

const FormProblem = createContext<Problem | undefined>(undefined)

interface FormProps {
  label: string
  submitLabel: string
  /** Whether something is still missing that comes by itself, such as a file that is being sent. */
  isWaiting?: boolean
  /** Sends the form. Its errors are displayed at the fields that they name, otherwise below all fields. */
  onSubmit: (values: FormData) => Promise<unknown>
  children: ReactNode
}

export function Form({ label, submitLabel, isWaiting = false, onSubmit, children }: FormProps) {
  const [problem, setProblem] = useState<Problem>()
  const [isNamed, setNamed] = useState(false)
  const [isBusy, setBusy] = useState(false)

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = event.currentTarget
    setBusy(true)
    setProblem(undefined)
    try {
      await onSubmit(new FormData(form))
      form.reset()
    } catch (error) {
      const next = problemOf(error)
      const isHere = ({ path }: { path: string }) => form.elements.namedItem(nameOf(path)) !== null
      setNamed(next.fields.length > 0 && next.fields.every(isHere))
      setProblem(next)
    } finally {
      setBusy(false)
    }
  }

  return (
    <form aria-label={label} onSubmit={submit}>
      <FormProblem value={problem}>{children}</FormProblem>
      {problem && !isNamed && <ProblemMessage problem={problem} />}
      <button type="submit" className="primary" disabled={isBusy || isWaiting}>
        {submitLabel}
      </button>
    </form>
  )
}

/** A form that is collapsed until the user opens it, and after it has been sent: then the focus moves from its button to its label. */
export function FoldedForm({ onSubmit, ...form }: FormProps) {
  const [isOpen, setOpen] = useState(false)
  const summary = useRef<HTMLElement>(null)
  async function submit(values: FormData) {
    await onSubmit(values)
    setOpen(false)
    summary.current?.focus()
  }
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary ref={summary}>{form.label}</summary>
      <Form {...form} onSubmit={submit} />
    </details>
  )
}

interface ControlProps {
  id: string
  name: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

/** A labelled control with its error. The name is the input's field in the API. */
export function Field({
  label,
  name,
  children,
}: {
  label: string
  name: string
  children: (control: ControlProps) => ReactNode
}) {
  const id = useId()
  const found = useContext(FormProblem)?.fields.find((field) => nameOf(field.path) === name)
  const describedBy = found && `${id}-problem`
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, name, 'aria-invalid': found !== undefined, 'aria-describedby': describedBy })}
      {found && (
        <p id={describedBy} role="alert" className="problem">
          {label} {found.message}
        </p>
      )}
    </div>
  )
}
