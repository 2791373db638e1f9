import type { ApolloClient } from '@apollo/client'
import { graphql } from './generated'
import { serverUrl } from './url'

const CreateUpload = graphql(`
  mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      uploadId
      url
    }
  }
`)

/** Sends a file to the server, and returns the id by which a message or a ticket attaches it. */
export async function upload(
  client: ApolloClient,
  file: File,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const input = { fileName: file.name, contentType: file.type || null, size: file.size }
  const { data } = await client.mutate({
    mutation: CreateUpload,
    variables: { input },
    context: { fetchOptions: { signal } },
  })
  if (!data?.createUpload) throw new Error('the server took no file')
  await put(serverUrl(data.createUpload.url), file, onProgress, signal)
  return data.createUpload.uploadId
}

/** Unlike `fetch`, an XMLHttpRequest tells how much it has sent. The address needs no token. */
function put(url: string, file: File, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', url)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total)
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(messageOf(request.responseText))))
    request.onerror = () => reject(new Error('the server can’t be reached'))
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function messageOf(body: string): string {
  try {
    return JSON.parse(body).errors[0].message
  } catch {
    return 'the server refused the file'
  }
}
