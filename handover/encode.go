package handover

import (
	"encoding/binary"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
)

// Conditions of a session, as they are written.
const (
	is6 = 1 << iota
	isTranslated
	isBound
	isBlocked
	isLogEnd
	isReplied
	isAgainst
	isAnySeq
	isResets
	isCheckNew
	isEncrypted
	hasMemory
	isCall
	isCallOver

	conditions = isCallOver<<1 - 1
)

// Conditions of an expectation, beside is6.
const (
	isMany        = 2
	isOpen        = 4
	isHelped      = 8
	isKeeps       = 16
	isCallOffered = 32
	isCallOpen    = 64 // with isCallOffered: closing
)

func bit(is bool, b uint16) uint16 {
	if is {
		return b
	}
	return 0
}

// appendSession appends the content of a session's frame. memory is what its
// helper remembers, as a Record has it, where there is anything.
func appendSession(b []byte, s *session.Record, now session.Tick, memory []byte) []byte {
	original, reply := &s.Key[packet.Original], &s.Key[packet.Reply]
	six, translated := !original.Src.Is4(), *reply != original.Reply()
	b = binary.BigEndian.AppendUint16(b, bit(six, is6)|bit(translated, isTranslated)|bit(s.Bound, isBound)|bit(s.Blocked, isBlocked)|
		bit(s.LogEnd, isLogEnd)|bit(s.Replied, isReplied)|bit(s.Against, isAgainst)|bit(s.AnySeq, isAnySeq)|bit(s.Resets, isResets)|
		bit(s.CheckNew, isCheckNew)|bit(s.Encrypted, isEncrypted)|bit(memory != nil, hasMemory)|
		bit(s.IsCall(), isCall)|bit(s.IsCall() && s.Call().Over, isCallOver))
	b = append(b, original.Proto, uint8(s.State), s.Still, s.ResetBy, s.Helper, s.Hello, s.Hold)
	b = appendKey(b, original, six)
	if translated {
		b = appendKey(b, reply, six)
	}
	if s.IsCall() {
		b = appendIDs(b, s.Call().Leave)
	}
	for _, n := range [...]uint64{
		uint64(s.ID), uint64(s.Master.ID), uint64(s.Tag()), uint64(s.Policy), uint64(s.Service), uint64(s.Shaper), uint64(s.Profile),
		uint64(s.Out[0]), uint64(s.Out[1]), uint64(s.Hop[0]), uint64(s.Hop[1]),
		s.Bytes[0], s.Bytes[1], s.Packets[0], s.Packets[1],
		age(now, s.Created), age(now, s.LastSeen), uint64(s.Timeout() / time.Millisecond),
	} {
		b = binary.AppendUvarint(b, n)
	}
	switch original.Proto {
	case packet.ProtoTCP:
		b, _ = s.TCP.AppendBinary(b)
	case packet.ProtoSCTP:
		b, _ = s.SCTP().AppendBinary(b)
	}
	return append(b, memory...)
}

// appendMemory appends what the helper of s remembers.
func appendMemory(b []byte, c *helpers.Control, st *helpers.State) []byte {
	if c != nil {
		b, _ = c.AppendBinary(b)
		return b
	}
	return append(b, st[:]...)
}

// appendExpectation appends the content of an expectation's frame.
func appendExpectation(b []byte, e *session.Expectation, now session.Tick) []byte {
	six := !e.Match.Dst.Is4()
	b = append(b, uint8(bit(six, is6)|bit(e.Many, isMany)|bit(e.Match.Src.IsZero(), isOpen)|bit(e.Helped, isHelped)|bit(e.Keeps, isKeeps)|
		bit(e.Call == session.CallOffered || e.Call == session.CallClosing, isCallOffered)|bit(e.Paired(), isCallOpen)), uint8(e.Opener), e.Match.Proto, e.Helper)
	b = appendKey(b, &e.Match, six)
	b = appendKey(b, &e.Leave, six)
	if e.Paired() {
		b = appendIDs(b, e.Back)
	}
	for _, n := range [...]uint64{
		uint64(e.Master.ID), uint64(e.Policy), uint64(e.Service), uint64(e.Tag), age(now, e.Created), age(e.Expires, now),
	} {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// appendIDs appends two call ids.
func appendIDs(b []byte, ids [2]uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, ids[0]), ids[1])
}

// appendKey appends a key but for its protocol.
func appendKey(b []byte, k *packet.Key, six bool) []byte {
	for _, a := range [...]packet.Addr{k.Src, k.Dst} {
		b = appendAddr(b, a, six)
	}
	b = binary.BigEndian.AppendUint16(b, k.SrcPort)
	b = binary.BigEndian.AppendUint16(b, k.DstPort)
	return binary.BigEndian.AppendUint16(b, k.Zone)
}

func appendAddr(b []byte, a packet.Addr, six bool) []byte {
	if !six {
		return binary.BigEndian.AppendUint32(b, uint32(a.Lo))
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, a.Hi), a.Lo)
}

// age is how long before now then was, in nanoseconds.
func age(now, then session.Tick) uint64 { return uint64(min(max(now-then, 0), maxAge)) }

func (h *Header) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(h.Written.UnixNano()))
	b = binary.BigEndian.AppendUint32(b, h.Serial)
	b = appendNames(b, h.Interfaces)
	b = appendNames(b, h.Services)
	b = binary.AppendUvarint(b, uint64(len(h.Helpers)))
	for _, x := range h.Helpers {
		b = append(appendString(b, x.Name), x.Memory)
	}
	b = binary.AppendUvarint(b, uint64(len(h.Gateways)))
	for _, g := range h.Gateways {
		b = appendAddr(b, g, true)
	}
	b = appendNames(b, h.Shapers)
	b = binary.AppendUvarint(b, uint64(len(h.Profiles)))
	for i := range h.Profiles {
		b = h.Profiles[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(h.Hosts)))
	for i := range h.Hosts {
		x := &h.Hosts[i]
		b = appendString(appendString(b, x.Name), x.By)
		b = binary.AppendVarint(appendAddr(b, x.Addr, true), int64(x.Left))
	}
	return b
}

func (p *Profile) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.DataPorts)))
	for _, s := range p.DataPorts {
		b = s.append(b)
	}
	b = p.TLSDataPorts.append(b)
	for _, n := range [...]uint32{p.MaxExpectations, p.Lifetime, p.TLSDataLimit} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

func (s Span) append(b []byte) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, s.Low), s.High)
}

func appendNames(b []byte, names []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, n := range names {
		b = appendString(b, n)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
