package control

import (
	"net/http"
	"net/netip"
)

// MappingRecord is the copy of an endpoint-independent mapping.
type MappingRecord struct {
	Proto     uint8
	Inner     netip.Addr
	InnerPort uint16
	Outer     netip.Addr
	OuterPort uint16
	Filter    string
	Policy    uint32
	Sessions  int
}

// Mapping is an endpoint-independent mapping as the API shows it: what a client
// sends from one port has one port outside, wherever it goes.
type Mapping struct {
	Proto     uint8      `json:"proto"`
	Inner     netip.Addr `json:"src"`
	InnerPort uint16     `json:"src_port"` // of ICMP the identifier, here and below
	Outer     netip.Addr `json:"nat_ip"`
	OuterPort uint16     `json:"nat_port"`
	Filter    string     `json:"filter"` // what strangers may send to it: any, stun, or none
	Policy    uint32     `json:"policy_id"`
	Sessions  int        `json:"sessions"` // that keep it
}

var mappingList = list[Mapping]{
	walk: (*walker).mappings, fields: []string{"proto", "src", "sport", "nsrc", "nport", "policy"},
	writer: blockOf("mapping", (*Mapping).append),
}

// mappings calls f for every mapping that the query chooses. f borrows it.
func (w *walker) mappings(f func(*Mapping)) error {
	page, m := make([]MappingRecord, pageSize), Mapping{}
	for cursor := uint64(0); ; {
		n, next := w.source.Mappings(cursor, page)
		for i := range page[:n] {
			r := &page[i]
			if w.choose(r.Inner, r.InnerPort, r.Outer, r.OuterPort, r.Proto, r.Policy) {
				m = Mapping(*r)
				f(&m)
			}
		}
		if err := w.turn(); err != nil || next == 0 {
			return err
		}
		cursor = next
	}
}

// append appends m as diagnose firewall eim list prints it.
func (m *Mapping) append(dst []byte) []byte {
	l := line(dst)
	l.text("eim proto=")
	l.uint(uint64(m.Proto))
	l.text(" ")
	l.endpoint(m.Inner, uint32(m.InnerPort))
	l.text("->")
	l.endpoint(m.Outer, uint32(m.OuterPort))
	l.text(" filter=")
	l.text(m.Filter)
	l.field("policy_id", int64(m.Policy))
	l.field("use", int64(m.Sessions))
	l.text("\n")
	return l
}

// Mapped is how many mappings there are.
type Mapped struct {
	Mappings int `json:"mappings"`
}

func (s *Server) mapped(w http.ResponseWriter, _ *http.Request) {
	answer(w, Mapped{s.source.Counters().Mappings}, nil)
}
