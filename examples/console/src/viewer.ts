import { createContext, useContext } from 'react'
import type { Viewer } from './api/live'

/** The account that is logged in, for all parts of its screens. */
export const ViewerContext = createContext<Viewer | undefined>(undefined)

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext)
  if (!viewer) throw new Error('nobody is logged in')
  return viewer
}
