/** The protocol's major version. Frames and fields are only added within it; both sides ignore what they do not know. */
export const protocolVersion = 1

/** What a client asks for in `Sec-WebSocket-Protocol`, and a hub must answer with. */
export const subprotocol = `syncline.${protocolVersion}`
