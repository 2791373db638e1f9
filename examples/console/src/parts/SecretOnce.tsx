import { useId, useRef, useState } from 'react'

/** A secret of one or more lines that can't be read again later. */
export function SecretOnce({ label, secret, onDone }: { label: string; secret: string; onDone: () => void }) {
  const id = useId()
  const box = useRef<HTMLTextAreaElement>(null)
  const [copied, setCopied] = useState(false)

  /** Browsers let pages write to the clipboard only on https and localhost; elsewhere the selected text can be copied by hand. */
  async function copy() {
    box.current?.select()
    await navigator.clipboard?.writeText(secret)
    setCopied(navigator.clipboard !== undefined)
  }

  return (
    <section className="card" aria-labelledby={id}>
      <label id={id} htmlFor={`${id}-box`}>
        {label}. Shown only now: copy this to where it is needed.
      </label>
      <textarea
        ref={box}
        id={`${id}-box`}
        className="secret"
        rows={secret.split('\n').length}
        readOnly
        value={secret}
        autoFocus
        onFocus={(event) => event.currentTarget.select()}
      />
      <div className="actions">
        <button type="button" className="primary" onClick={copy}>
          Copy
        </button>
        <button type="button" onClick={onDone}>
          Done
        </button>
        <span role="status">{copied && 'Copied.'}</span>
      </div>
    </section>
  )
}
