package telemetry

import (
	"time"

	"portcullis/packet"
)

// Status is how the firewall is doing.
type Status struct {
	Uptime       time.Duration
	Sessions     uint64
	Expectations uint64
	Exhausted    uint64 // sessions that found no port or address to be translated to
	Ports        []PortStatus
	Drops        Counters
	LogWritten   uint64 // TrafficLog.Written
	LogLost      uint64 // TrafficLog.Lost
}

// PortStatus is what went through one interface.
type PortStatus struct {
	Name               string
	RxPackets, RxBytes uint64
	TxPackets, TxBytes uint64
}

// String is the status on one line, as key=value fields: each port's numbers
// follow its name, and of the drops those that are not zero follow their total.
func (s *Status) String() string {
	var line fields
	line.bare("uptime", s.Uptime.Truncate(time.Second).String())
	line.uint("sessions", s.Sessions)
	line.uint("expectations", s.Expectations)
	for _, p := range s.Ports {
		line.text("port", p.Name)
		line.uint("rxpkt", p.RxPackets)
		line.uint("rxbyte", p.RxBytes)
		line.uint("txpkt", p.TxPackets)
		line.uint("txbyte", p.TxBytes)
	}
	line.uint("natexhausted", s.Exhausted)
	line.uint("drops", s.Drops.Total())
	for r := packet.ReasonNone + 1; r < packet.NumReasons; r++ {
		if s.Drops[r] > 0 {
			line.uint(r.String(), s.Drops[r])
		}
	}
	line.uint("loglines", s.LogWritten)
	line.uint("loglost", s.LogLost)
	return string(line)
}
