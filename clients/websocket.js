// Clients expect the global WebSocket of browsers; Node has it only from version 22 on.
import { WebSocket } from 'ws';

globalThis.WebSocket ??= WebSocket;
