import { useRef } from 'react'
import { addressesIn } from '../api/copies'
import { Field } from './Form'

interface CopyFieldProps {
  value: string
  onChange: (value: string) => void
  /** Addresses that are one press away. */
  offered: string[]
}

/** Whom a reply is copied to by mail. */
export function CopyField({ value, onChange, offered }: CopyFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  const others = offered.filter((address) => !addressesIn(value).includes(address))

  function add(address: string) {
    onChange([...addressesIn(value), address].join(', '))
    input.current?.focus()
  }

  return (
    <>
      <Field label="Copy to" name="cc">
        {(control) => (
          <input
            {...control}
            ref={input}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            inputMode="email"
            autoComplete="off"
            placeholder="Addresses with commas between them"
          />
        )}
      </Field>
      {others.length > 0 && (
        <div className="actions">
          <span className="hint">Also in the conversation; add only whom you know:</span>
          {others.map((address) => (
            <button key={address} type="button" aria-label={`Copy to ${address}`} onClick={() => add(address)}>
              {address}
            </button>
          ))}
        </div>
      )}
    </>
  )
}
