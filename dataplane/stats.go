package dataplane

import "sync/atomic"

// Stats counts what a port carried. A super-packet counts as one.
type Stats struct {
	RxPackets, RxBytes uint64 // frames read, with their Ethernet headers
	TxPackets, TxBytes uint64 // frames the device took
	RxErrors           uint64 // frames lost before they were read
	TxErrors           uint64 // frames the device did not take
}

// counters is Stats while it counts.
type counters struct {
	rxPackets, rxBytes, rxErrors atomic.Uint64
	_                            [40]byte // one cache line for each direction
	txPackets, txBytes, txErrors atomic.Uint64
}

func (c *counters) read() Stats {
	return Stats{
		RxPackets: c.rxPackets.Load(), RxBytes: c.rxBytes.Load(), RxErrors: c.rxErrors.Load(),
		TxPackets: c.txPackets.Load(), TxBytes: c.txBytes.Load(), TxErrors: c.txErrors.Load(),
	}
}
