import { type DragEvent, type ReactNode, useId, useRef, useState } from 'react'
import type { Upload, useUploads } from '../uploads'

interface AttachProps {
  files: ReturnType<typeof useUploads>
  /** What files can be dropped on, too. */
  children: ReactNode
}

/** Attaches files that are dropped on it, pasted into it, or chosen. */
export function Attach({ files, children }: AttachProps) {
  const id = useId()
  const chooser = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)

  function drop(event: DragEvent) {
    event.preventDefault()
    setOver(false)
    files.add(event.dataTransfer.files)
  }

  return (
    <div
      className={isOver ? 'attach over' : 'attach'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      onPaste={({ clipboardData }) => files.add(clipboardData.files)}
    >
      {children}
      <label htmlFor={id}>Attach files: choose them, or drop them here</label>
      <input
        ref={chooser}
        id={id}
        type="file"
        multiple
        onChange={({ currentTarget }) => {
          files.add(currentTarget.files ?? [])
          currentTarget.value = '' // the same file may be chosen again
        }}
      />
      {files.uploads.length > 0 && (
        <ul aria-label="Attached files">
          {files.uploads.map((upload) => (
            <UploadItem
              key={upload.key}
              upload={upload}
              onRemove={() => {
                files.remove(upload.key)
                chooser.current?.focus()
              }}
            />
          ))}
        </ul>
      )}
    </div>
  )
}

function UploadItem({ upload: { name, progress, id, problem }, onRemove }: { upload: Upload; onRemove: () => void }) {
  return (
    <li className="upload">
      <span>{name}</span>
      {!id && !problem && <progress aria-label={`Sending ${name}`} value={progress} />}
      {problem && (
        <span role="alert" className="problem">
          wasn’t sent: {problem}
        </span>
      )}
      {id && <span role="status">sent</span>}
      <button type="button" className="link" aria-label={`Remove ${name}`} onClick={onRemove}>
        Remove
      </button>
    </li>
  )
}
