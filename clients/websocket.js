// Browsers have WebSocket, and clients expect it; Node has it from version 22 on.
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket;
