import type { MessageFragment } from '../api/generated/graphql'
import { moment } from './labels'

/** What a message said before it was edited, which only admins see. */
export function EarlierTexts({ texts }: { texts: MessageFragment['earlierTexts'] }) {
  if (!texts?.length) return null
  return (
    <details>
      <summary>Earlier texts</summary>
      <ol className="earlier" aria-label="Earlier texts">
        {texts.map(({ text, writtenAt }, index) => (
          <li key={index}>
            <time dateTime={writtenAt}>{moment(writtenAt)}</time>
            <p className="text">{text}</p>
          </li>
        ))}
      </ol>
    </details>
  )
}
