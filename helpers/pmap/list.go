package pmap

import (
	"encoding/binary"
	"net/netip"

	"portcullis/helpers"
)

// maxListed is how many entries of a list are announced.
const maxListed = 4

// entry is one way to reach a program: a port, and where in the reply its universal
// address is, with its length and filling.
type entry struct {
	kind      kind
	port      uint16
	off, size int
}

// listed reads a reply of host own to GETADDRLIST: entries, each behind a word 1, and
// a word 0 behind the last (RFC 1833 section 2.1, rpcb_entry_list). Those of another
// family or transport are passed over.
func listed(msg []byte, own netip.Addr) (all [maxListed]entry, n int) {
	off, ok := result(msg)
	if !ok || len(msg) > maxRecord {
		return all, 0
	}
	r := reader{b: msg[off:]}
	more := r.word()
	for ; more == 1; more = r.word() {
		e := entry{kind: isCall | universal, off: len(msg) - len(r.b)}
		address := r.opaque(maxText)
		e.size = len(msg) - len(r.b) - e.off
		udp, known := netid(r.opaque(maxText), own)
		r.word()          // semantics
		r.opaque(maxText) // family
		r.opaque(maxText) // protocol
		if udp {
			e.kind |= overUDP
		}
		e.port, ok = universalPort(address, own)
		if ok && known && len(address) <= maxAddress && n < maxListed {
			all[n] = e
			n++
		}
	}
	if r.bad || more != 0 || len(r.b) > 0 {
		return all, 0
	}
	return all, n
}

// list announces what a reply to GETADDRLIST tells. Its addresses are spelt where
// they stand, so that over TCP it has to be one fragment.
func list(seg *helpers.Segment, f *helpers.Findings, msg []byte, at, raw int) step {
	all, n := listed(msg, seg.Src.Addr())
	if n == 0 || raw > 0 && raw != markSize+len(msg) {
		return stepOn
	}
	if raw > 0 {
		f.Measure(helpers.Length{From: at + markSize, To: at + raw, Edit: helpers.Edit{Off: at, Len: markSize}})
		at += markSize
	}
	for _, e := range all[:n] {
		f.Announce(told(seg, e.kind, e.port, helpers.Edit{Off: at + e.off, Len: e.size, Kind: uint8(e.kind)}))
	}
	return stepFound
}

// spellMark writes the mark of a record of one fragment, of n bytes.
func spellMark(dst, _ []byte, _ helpers.Edit, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, lastFragment|uint32(n))
}
