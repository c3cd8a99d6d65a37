package handover

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"portcullis/helpers"
	"portcullis/packet"
	"portcullis/session"
	"portcullis/session/sctp"
	"portcullis/session/tcp"
)

var (
	noSession     session.Record
	noExpectation session.Expectation
)

// maxNames bounds each table of names.
const maxNames = 1 << 20

// fields takes fields off the content of a frame until one is not there or not
// right.
type fields struct {
	b   []byte
	err error
}

var errShort = errors.New("a field is cut short")

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

// end is what was wrong.
func (f *fields) end() error {
	if f.err == nil && len(f.b) > 0 {
		f.fail("%d bytes too many", len(f.b))
	}
	return f.err
}

// take is the next n bytes; nil where there are fewer.
func (f *fields) take(n int) []byte {
	if f.err == nil && n > len(f.b) {
		f.err = errShort
	}
	if f.err != nil {
		return nil
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) uint8() uint8 {
	if v := f.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (f *fields) uint16() uint16 {
	if v := f.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

// fixed64 is 64 bits as they stand.
func (f *fields) fixed64() uint64 {
	if v := f.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// uint64 is a varint.
func (f *fields) uint64() uint64 {
	if f.err != nil {
		return 0
	}
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.err = errShort
		return 0
	}
	f.b = f.b[n:]
	return v
}

// uint32 is a varint that fits 32 bits.
func (f *fields) uint32() uint32 { return uint32(f.below(1<<32, "a number")) }

// below is a varint less than n.
func (f *fields) below(n uint64, noun string) uint64 {
	v := f.uint64()
	if v >= n && f.err == nil {
		f.fail("%s %d: expected less than %d", noun, v, n)
		return 0
	}
	return v
}

// tick is a distance in time.
func (f *fields) tick(noun string) session.Tick {
	return session.Tick(f.below(uint64(maxAge)+1, noun))
}

// duration is one of either sign.
func (f *fields) duration() time.Duration {
	v, n := binary.Varint(f.b)
	switch {
	case f.err != nil:
		return 0
	case n <= 0:
		f.err = errShort
		return 0
	case v > int64(maxAge) || v < -int64(maxAge):
		f.fail("duration %d: expected at most %d", v, maxAge)
		return 0
	}
	f.b = f.b[n:]
	return time.Duration(v)
}

func (f *fields) string() string { return string(f.take(int(f.below(maxFrame, "length")))) }

func (f *fields) addr(six bool) packet.Addr {
	if !six {
		if v := f.take(4); v != nil {
			return packet.AddrFrom4(v)
		}
		return packet.Addr{}
	}
	v := f.take(16)
	if v == nil {
		return packet.Addr{}
	}
	return packet.AddrFrom16(v)
}

// key is a key of a protocol.
func (f *fields) key(proto uint8, six bool) packet.Key {
	k := packet.Key{Proto: proto, Src: f.addr(six), Dst: f.addr(six)}
	k.SrcPort, k.DstPort, k.Zone = f.uint16(), f.uint16(), f.uint16()
	if six && (k.Src.Is4() || k.Dst.Is4()) {
		f.fail("%v: an IPv4 address in an IPv6 flow", k)
	}
	return k
}

func (h *Header) decode(f *fields) {
	h.Written = time.Unix(0, int64(f.fixed64()))
	if v := f.take(4); v != nil {
		h.Serial = binary.BigEndian.Uint32(v)
	}
	h.Interfaces, h.Services = f.names(), f.names()
	for n := f.below(math.MaxUint8+1, "number of helpers"); n > 0 && f.err == nil; n-- {
		h.Helpers = append(h.Helpers, Helper{Name: f.string(), Memory: f.uint8()})
	}
	for n := f.below(math.MaxUint16+1, "number of gateways"); n > 0 && f.err == nil; n-- {
		h.Gateways = append(h.Gateways, f.addr(true))
	}
	h.Shapers = f.names()
	for n := f.below(math.MaxUint16+1, "number of profiles"); n > 0 && f.err == nil; n-- {
		h.Profiles = append(h.Profiles, f.profile())
	}
	for n := f.below(MaxHosts+1, "number of hosts"); n > 0 && f.err == nil; n-- {
		h.Hosts = append(h.Hosts, Host{Name: f.string(), By: f.string(), Addr: f.addr(true), Left: f.duration()})
	}
}

// profile is what limits a helper.
func (f *fields) profile() (p Profile) {
	for n := f.below(math.MaxUint16+1, "number of data-ports"); n > 0 && f.err == nil; n-- {
		p.DataPorts = append(p.DataPorts, f.span())
	}
	p.TLSDataPorts = f.span()
	p.MaxExpectations, p.Lifetime, p.TLSDataLimit = f.uint32(), f.uint32(), f.uint32()
	return p
}

// span is a range of ports.
func (f *fields) span() Span {
	s := Span{Low: f.uint16(), High: f.uint16()}
	if s.Low > s.High {
		f.fail("ports %d-%d: expected a range from low to high", s.Low, s.High)
	}
	return s
}

// names is a table of names.
func (f *fields) names() (names []string) {
	for n := f.below(maxNames, "number of names"); n > 0 && f.err == nil; n-- {
		names = append(names, f.string())
	}
	return names
}

// tracker is a connection or an association of n bytes.
func (f *fields) tracker(n int, to encoding.BinaryUnmarshaler) {
	if b := f.take(n); b != nil {
		if err := to.UnmarshalBinary(b); err != nil {
			f.fail("%w", err)
		}
	}
}

// ids are two call ids.
func (f *fields) ids() [2]uint16 { return [2]uint16{f.uint16(), f.uint16()} }

// call reads what makes s, whose keys are read, a call.
func (f *fields) call(s *session.Record, has uint16) {
	switch {
	case has&(isCall|isCallOver) == 0:
	case has&isCall == 0 || s.Key[packet.Original].Proto != packet.ProtoGRE:
		f.fail("a call of protocol %d", s.Key[packet.Original].Proto)
	default:
		*s.Call() = session.Call{On: true, Over: has&isCallOver != 0, Leave: f.ids()}
	}
}

// decodeSession reads the content of a session's frame.
func (r *Record) decodeSession(f *fields, t *Tables) {
	s := &r.Session
	*s, r.Memory = session.Record{}, nil
	has := f.uint16()
	if has&^conditions != 0 {
		f.fail("conditions %#x: expected none but %#x", has, uint16(conditions))
	}
	s.Bound, s.Blocked, s.LogEnd, s.Replied = has&isBound != 0, has&isBlocked != 0, has&isLogEnd != 0, has&isReplied != 0
	s.Against, s.AnySeq, s.Resets, s.CheckNew = has&isAgainst != 0, has&isAnySeq != 0, has&isResets != 0, has&isCheckNew != 0
	s.Encrypted = has&isEncrypted != 0
	proto := f.uint8()
	s.State, s.Still, s.ResetBy, s.Helper, s.Hello, s.Hold = session.State(f.uint8()), f.uint8(), f.uint8(), f.uint8(), f.uint8(), f.uint8()
	six := has&is6 != 0
	s.Key[packet.Original] = f.key(proto, six)
	s.Key[packet.Reply] = s.Key[packet.Original].Reply()
	if has&isTranslated != 0 {
		s.Key[packet.Reply] = f.key(proto, six)
	}
	f.call(s, has)
	s.ID, s.Master.ID = f.uint32(), f.uint32()
	s.SetTag(uint32(f.below(session.MaxTag+1, "tag")))
	s.Policy = f.uint32()
	s.Service = uint32(f.below(uint64(len(t.Services)), "service"))
	s.Shaper = uint16(f.below(uint64(max(len(t.Shapers), 1)), "per-ip-shaper"))
	s.Profile = uint16(f.below(uint64(max(len(t.Profiles), 1)), "profile"))
	for d := range s.Out {
		s.Out[d] = uint16(f.below(uint64(min(len(t.Interfaces), math.MaxUint16+1)), "interface"))
	}
	for d := range s.Hop {
		s.Hop[d] = uint16(f.below(uint64(len(t.Gateways)), "gateway"))
	}
	for _, to := range [...]*uint64{&s.Bytes[0], &s.Bytes[1], &s.Packets[0], &s.Packets[1]} {
		*to = f.uint64()
	}
	s.Created, s.LastSeen = -f.tick("age"), -f.tick("idle time")
	s.SetTimeout(time.Duration(f.below(uint64(session.Never/time.Millisecond)+1, "timeout")) * time.Millisecond)
	switch proto {
	case packet.ProtoTCP:
		f.tracker(tcp.BinarySize, &s.TCP)
	case packet.ProtoSCTP:
		f.tracker(sctp.BinarySize, s.SCTP())
	}
	if has&hasMemory != 0 {
		r.Memory = f.take(len(f.b))
	}
	r.judge(f, t)
}

// judge refuses a session that no worker can have had.
func (r *Record) judge(f *fields, t *Tables) {
	s, proto := &r.Session, r.Session.Key[packet.Original].Proto
	isTCP, isUDP := proto == packet.ProtoTCP, proto == packet.ProtoUDP
	switch {
	case s.IsCall() && (s.Master.ID == 0 || s.Helper == 0):
		f.fail("a call without a control session")
	case s.ID == 0 || s.Master.ID == s.ID:
		f.fail("number %d, control session %d", s.ID, s.Master.ID)
	case int(s.Helper) >= max(len(t.Helpers), 1):
		f.fail("helper %d: expected less than %d", s.Helper, len(t.Helpers))
	case !follows(s):
		f.fail("state %d of protocol %d, its TCP connection %d, its SCTP association %d", s.State, proto, s.TCP.State(), s.SCTP().State())
	case s.Still > 3 || s.ResetBy > 2:
		f.fail("directions %d, %d", s.Still, s.ResetBy)
	case s.Bound && (s.Helper == 0 || !isTCP && !isUDP):
		f.fail("a helper %d that reads protocol %d", s.Helper, proto)
	case s.Watched() && (!s.Encrypted && s.State != session.StateTimeWait && s.State != session.StateClose || !isTCP || r.Memory != nil):
		f.fail("a child that a helper reads")
	case s.Hello == session.Helped && (s.Encrypted || s.Master.ID == 0 || s.Helper == 0 || !isTCP && !isUDP):
		f.fail("a child that is a control session, helper %d, protocol %d", s.Helper, proto)
	case s.Tag() != 0 && (s.Master.ID == 0 || s.Helper == 0):
		f.fail("tag %d of no child", s.Tag())
	case s.Encrypted && s.Helper == 0 || s.Hello != session.Helped && (s.Hello >= helpers.HelloSize || s.Hello != 0 && !s.Watched()):
		f.fail("%d bytes of a hello, helper %d", s.Hello, s.Helper)
	case r.Memory == nil:
	case !s.Bound || isUDP && len(r.Memory) != stateSize:
		f.fail("%d bytes of a helper's memory", len(r.Memory))
	case isTCP:
		var c helpers.Control
		if err := c.Restore(nil, r.Memory); err != nil {
			f.fail("%w", err)
		}
	}
}

// follows says whether the state of s is one of its protocol, and that of its
// connection or association, where that has begun.
func follows(s *session.Record) bool {
	tracked, most := session.StateNone, session.StateEstablished
	switch s.Key[packet.Original].Proto {
	case packet.ProtoTCP:
		tracked, most = s.TCP.State(), session.StateLastAck
	case packet.ProtoSCTP:
		tracked, most = session.State(s.SCTP().State()), session.State(sctp.ShutdownAckSent)
	}
	return s.State <= most && (tracked == session.StateNone || tracked == s.State)
}

// decodeExpectation reads the content of an expectation's frame.
func (r *Record) decodeExpectation(f *fields, t *Tables) {
	e := &r.Expect
	*e = session.Expectation{}
	what, opener, proto := f.uint8(), f.uint8(), f.uint8()
	six := what & is6
	call := what & (isCallOffered | isCallOpen)
	if what&^(is6|isMany|isOpen|isHelped|isKeeps|isCallOffered|isCallOpen) != 0 ||
		call != 0 && (proto != packet.ProtoGRE || what&(isMany|isOpen|isHelped) != 0) || opener > uint8(packet.Reply) {
		f.fail("conditions %d, direction %d", what, opener)
	}
	e.Opener, e.Helper = packet.Dir(opener), f.uint8()
	if e.Helper == 0 || int(e.Helper) >= len(t.Helpers) {
		f.fail("helper %d: expected 1 to %d", e.Helper, len(t.Helpers)-1)
	}
	e.Match, e.Leave = f.key(proto, six != 0), f.key(proto, six != 0)
	e.Helped, e.Keeps = what&isHelped != 0, what&isKeeps != 0
	switch call {
	case isCallOffered:
		e.Call = session.CallOffered
	case isCallOpen:
		e.Call, e.Back = session.CallOpen, f.ids()
	case isCallOffered | isCallOpen:
		e.Call, e.Back = session.CallClosing, f.ids()
	}
	if e.Many = what&isMany != 0; what&isOpen != 0 {
		e.Match.Src, e.Leave.Src = packet.Addr{}, packet.Addr{}
	}
	e.Master.ID, e.Policy = f.uint32(), f.uint32()
	e.Service = uint32(f.below(uint64(len(t.Services)), "service"))
	e.Tag = uint32(f.below(session.MaxTag+1, "tag"))
	e.Created, e.Expires = -f.tick("age"), f.tick("time left")
	if e.Master.ID == 0 {
		f.fail("no control session")
	}
}
