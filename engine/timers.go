package engine

import (
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// FortiOS's factory timers (config system global, system session-ttl).
const (
	timerHalfOpen  = 10 * time.Second  // tcp-halfopen-timer
	timerHalfClose = 120 * time.Second // tcp-halfclose-timer
	timerTimeWait  = 1 * time.Second   // tcp-timewait-timer
	timerReset     = 5 * time.Second   // tcp-rst-timer
	timerUDPIdle   = 180 * time.Second // udp-idle-timer
	timerICMP      = 60 * time.Second
	timerSession   = 3600 * time.Second // session-ttl default: TCP and SCTP
	timerOther     = 600 * time.Second
)

// idleTime is how long a session of proto may be idle in state st.
func idleTime(proto uint8, st session.State) time.Duration {
	switch proto {
	case packet.ProtoTCP:
		return tcpIdleTime(st)
	case packet.ProtoUDP:
		return timerUDPIdle
	case packet.ProtoICMP, packet.ProtoICMPv6:
		return timerICMP
	case packet.ProtoSCTP:
		return timerSession
	}
	return timerOther
}

func tcpIdleTime(st session.State) time.Duration {
	switch st {
	case session.StateEstablished:
		return timerSession
	case session.StateFinWait, session.StateCloseWait, session.StateLastAck:
		return timerHalfClose
	case session.StateTimeWait:
		return timerTimeWait
	case session.StateClose:
		return timerReset
	}
	return timerHalfOpen
}
