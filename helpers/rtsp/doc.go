// Package rtsp reads and spells the control connection of the Real Time Streaming
// Protocol (RFC 2326, RFC 7826): the Transport of SETUP and of its answers, which
// agree on flows of RTP, RTCP and RDT over UDP, and the absolute URLs of either
// side. Start from Helper; README.md says what is read, what is refused and why.
package rtsp
