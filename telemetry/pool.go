package telemetry

import (
	"time"

	"portcullis/session"
)

// FortiOS's message ids of what becomes of IP pools.
const (
	logExhausted       = "0100020007"
	logBlocksExhausted = "0100022013"
)

// exhausted adds the event of a session that found no port or address to be
// translated to. FortiOS tells of a pool of blocks by the client alone.
func (f *Formatter) exhausted(line *fields, e *session.Event) {
	if e.InBlocks {
		f.system(line, e, logBlocksExhausted, "alert", "IP pool PBA block exhausted")
		line.text("msg", "no port is left in the client's blocks, and it can have no other block")
		line.text("saddr", e.Key.Src.String())
	} else {
		f.system(line, e, logExhausted, "critical", "NAT port exhausted")
		line.text("status", "failure")
		line.endpoint("srcip", "srcport", e.Key.Proto, e.Key.Src, e.Key.SrcPort)
		line.endpoint("dstip", "dstport", e.Key.Proto, e.Key.Dst, e.Key.DstPort)
		line.uint("proto", uint64(e.Key.Proto))
		line.text("msg", "NAT port is exhausted.")
	}
	if pool := f.Names.Pool(e.Pool); pool != "" {
		line.text("poolname", pool)
	}
	line.uint("policyid", uint64(e.Policy))
}

// blockLog is how an event of a block of ports is told.
type blockLog struct{ id, what, msg string }

var blockLogs = map[session.EventKind]blockLog{
	session.EventBlock:     {"0100022015", "IP pool PBA created", "a client was given a block of ports"},
	session.EventBlockHeld: {"0100022024", "IP pool PBA interim log", "a client has a block of ports still"},
	session.EventBlockEnd:  {"0100022016", "Deallocate IP pool PBA", "a client gave a block of ports back"},
}

// block adds an event of a block: who had which ports of which address, and since
// when (RFC 6888 section 4, RFC 7422).
func (f *Formatter) block(line *fields, e *session.Event) {
	how := blockLogs[e.Kind]
	f.system(line, e, how.id, "notice", how.what)
	line.text("msg", how.msg)
	line.key("nat")
	*line = e.ReplyKey.Dst.Netip().AppendTo(*line)
	line.text("saddr", e.Key.Src.String())
	line.text("poolname", f.Names.Pool(e.Pool))
	line.uint("portbegin", uint64(e.Ports[0]))
	line.uint("portend", uint64(e.Ports[1]))
	if e.Kind != session.EventBlock {
		line.int("duration", int64(e.Tick.Sub(e.Created)/time.Second))
	}
}
