package control

import (
	"cmp"
	"net/netip"
	"strconv"

	"portcullis/packet"
)

// line is text under construction.
type line []byte

func (b *line) text(s string) { *b = append(*b, s...) }
func (b *line) int(n int64)   { *b = strconv.AppendInt(*b, n, 10) }
func (b *line) uint(n uint64) { *b = strconv.AppendUint(*b, n, 10) }

// hex8 appends n as 8 hexadecimal digits.
func (b *line) hex8(n uint32) {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		*b = append(*b, digits[n>>shift&15])
	}
}

// field appends " name=n".
func (b *line) field(name string, n int64) {
	*b = append(append(append(*b, ' '), name...), '=')
	b.int(n)
}

// endpoint appends "addr:port", also of IPv6: FortiOS writes no brackets.
func (b *line) endpoint(a netip.Addr, port uint32) {
	*b = append(a.AppendTo(*b), ':')
	b.uint(uint64(port))
}

// AppendBlock appends s as diagnose sys session list prints it.
func (s *Session) AppendBlock(dst []byte) []byte {
	b := line(dst)
	s.head(&b)
	s.origin(&b)
	s.counts(&b)
	s.path(&b)
	s.hooks(&b)
	s.tail(&b)
	return b
}

// head is the life of the session.
func (s *Session) head(b *line) {
	b.text("session")
	if s.is6() {
		b.text("6")
	}
	b.text(" info:")
	b.field("proto", int64(s.Proto))
	b.text(" proto_state=0")
	b.uint(uint64(s.ProtoState))
	b.field("duration", s.Duration)
	if s.Never {
		b.text(" expire=never timeout=never")
	} else {
		b.field("expire", s.Expire)
		b.field("timeout", s.Timeout)
	}
	b.text(" refresh_dir=")
	b.text(cmp.Or(s.RefreshDir, "both"))
	b.text(" flags=00000000 socktype=0 sockport=0 av_idx=0\n" +
		"origin-shaper=\nreply-shaper=\nper_ip_shaper=")
	b.text(s.PerIPShaper)
	b.text("\n")
}

// origin is what the session has to do with policies and helpers.
func (s *Session) origin(b *line) {
	b.text("class_id=0 ha_id=0")
	b.field("policy_dir", int64(s.PolicyDir))
	b.text(" tunnel=/")
	if s.Helper != "" {
		b.text(" helper=")
		b.text(s.Helper)
	}
	if s.Master != 0 {
		b.text(" master=")
		b.hex8(s.Master)
	}
	b.text(" vlan_cos=255/255\nstate=")
	*b = s.State.appendTo(*b)
	b.text("\n")
}

func (s *Session) counts(b *line) {
	errs := "/1"
	if s.Expectation || s.State&WordBlock != 0 {
		errs = "/0"
	}
	b.text("statistic(bytes/packets/allow_err): org=")
	b.uint(s.Original.Bytes)
	b.text("/")
	b.uint(s.Original.Packets)
	b.text(errs + " reply=")
	b.uint(s.Reply.Bytes)
	b.text("/")
	b.uint(s.Reply.Packets)
	b.text(errs)
	tuples := 2
	if s.sourceTranslated() && s.destinationTranslated() {
		tuples = 4
	}
	b.field("tuples", int64(tuples))
	b.text("\n")
}

// path is where the packets of either direction go. FortiOS spells it "orgin".
func (s *Session) path(b *line) {
	b.text("orgin->sink: org pre->post, reply pre->post dev=")
	in, out := int64(s.Original.Port.Index), int64(s.Reply.Port.Index)
	b.int(in)
	b.text("->")
	b.int(out)
	b.text("/")
	b.int(out)
	b.text("->")
	b.int(in)
	b.text(" gwy=")
	*b = s.gateway(&s.Original).AppendTo(*b)
	b.text("/")
	*b = s.gateway(&s.Reply).AppendTo(*b)
	b.text("\n")
}

// gateway is the next hop of a direction, or the zero address of the family.
func (s *Session) gateway(d *Direction) netip.Addr {
	if d.Gateway.IsValid() {
		return d.Gateway
	}
	return s.zero()
}

// zero is the address that FortiOS prints where there is none.
func (s *Session) zero() netip.Addr {
	if s.is6() {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// hooks are the tuples: what a packet of either direction arrives as, and what
// becomes of it. A source that is translated is so behind the routing, a
// destination before it.
func (s *Session) hooks(b *line) {
	o, r := &s.Original, &s.Reply
	snat, dnat := s.sourceTranslated(), s.destinationTranslated()
	if s.Expectation {
		s.expected(b)
		return
	}
	switch {
	case snat && dnat:
		mid, back := o.Tuple, r.Tuple
		mid.Dst, mid.DstPort = o.Leaves.Dst, o.Leaves.DstPort
		back.Dst, back.DstPort = r.Leaves.Dst, r.Leaves.DstPort
		if s.Proto == packet.ProtoICMP || s.Proto == packet.ProtoICMPv6 {
			back.SrcPort = s.backPort()
		}
		b.hook("pre dir=org act=dnat", &o.Tuple, o.Leaves.Dst, o.Leaves.DstPort)
		b.hook("post dir=org act=snat", &mid, o.Leaves.Src, o.Leaves.SrcPort)
		b.hook("pre dir=reply act=dnat", &r.Tuple, r.Leaves.Dst, s.backPort())
		b.hook("post dir=reply act=snat", &back, r.Leaves.Src, r.Leaves.SrcPort)
	case snat:
		b.hook("post dir=org act=snat", &o.Tuple, o.Leaves.Src, o.Leaves.SrcPort)
		b.hook("pre dir=reply act=dnat", &r.Tuple, r.Leaves.Dst, s.backPort())
	case dnat:
		b.hook("pre dir=org act=dnat", &o.Tuple, o.Leaves.Dst, o.Leaves.DstPort)
		b.hook("post dir=reply act=snat", &r.Tuple, r.Leaves.Src, r.Leaves.SrcPort)
	default:
		b.hook("pre dir=org act=noop", &o.Tuple, s.zero(), 0)
		b.hook("post dir=reply act=noop", &r.Tuple, s.zero(), 0)
	}
}

// expected are the tuples of an expectation: what it waits for, and the answers,
// which nobody knows yet. Of a data range both ends of the ports are told, and how
// many of its connections are live.
func (s *Session) expected(b *line) {
	o := &s.Original
	what, at, port := "pre dir=org act=noop", s.zero(), uint32(0)
	switch {
	case s.destinationTranslated():
		what, at, port = "pre dir=org act=dnat", o.Leaves.Dst, o.Leaves.DstPort
	case s.sourceTranslated():
		what, at, port = "post dir=org act=snat", o.Leaves.Src, o.Leaves.SrcPort
	}
	b.text("hook=" + what + " ")
	b.endpoint(o.Src, o.SrcPort)
	b.text("->")
	b.endpoint(o.Dst, o.DstPort)
	b.ports(s)
	b.text("(")
	b.endpoint(at, port)
	if s.destinationTranslated() {
		b.ports(s)
	}
	b.text(")\n")
	if r := s.DataRange; r != nil {
		b.text("tls_data_range:")
		b.field("sessions", int64(r.Sessions))
		b.field("limit", int64(r.Limit))
		b.text("\n")
	}
	b.hook("pre dir=org act=noop", &Tuple{Src: s.zero(), Dst: s.zero()}, s.zero(), 0)
}

// backPort is what the replies of a translated source go back to: its port, or
// of an ICMP query its identifier, which both directions carry in place of the
// source's port. Of a call it is its own id, which only its replies have.
func (s *Session) backPort() uint32 {
	if s.Proto == packet.ProtoGRE {
		return s.Reply.Leaves.DstPort
	}
	return s.Original.SrcPort
}

// hook appends one tuple and what is written in place of one of its ends.
func (b *line) hook(what string, t *Tuple, addr netip.Addr, port uint32) {
	b.text("hook=" + what + " ")
	b.endpoint(t.Src, t.SrcPort)
	b.text("->")
	b.endpoint(t.Dst, t.DstPort)
	b.text("(")
	b.endpoint(addr, port)
	b.text(")\n")
}

// tail is the rest: sequence numbers, policy, serial.
func (s *Session) tail(b *line) {
	if s.Proto == packet.ProtoTCP {
		b.text("pos/(before,after) ")
		b.offset(&s.Original.Offset)
		b.text(", ")
		b.offset(&s.Reply.Offset)
		b.text("\n")
	}
	b.text("misc=0 policy_id=")
	b.uint(uint64(s.Policy))
	b.text(" auth_info=0 chk_client_info=0 vd=0\nserial=")
	b.hex8(s.Serial)
	b.text(" tos=ff/ff app_list=0 app=0 url_cat=0\nrpdb_link_id=00000000 ngfwid=n/a\n")
}

func (b *line) offset(o *Offset) {
	b.uint(uint64(o.Pos))
	b.text("/(")
	b.int(int64(o.Before))
	b.text(",")
	b.int(int64(o.After))
	b.text(")")
}
