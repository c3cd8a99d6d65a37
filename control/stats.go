package control

import (
	"fmt"
	"strings"

	"portcullis/packet"
	"portcullis/session"
)

// Stats is how the session table is doing.
type Stats struct {
	Sessions        int      `json:"session_count"` // of the family that was asked for
	Expectations    int      `json:"exp_count"`
	SetupRate       float64  `json:"setup_rate"` // new sessions a second, of both families
	Clashes         uint64   `json:"clash"`
	Cleared         uint64   `json:"delete"`    // by the operator
	Ephemeral       int      `json:"ephemeral"` // half-open TCP, and others without an answer, as what follows of both families
	MaxEphemeral    int      `json:"max_ephemeral"`
	Removable       int      `json:"removeable"`          // those that a full table would let go
	Tension         uint64   `json:"memory_tension_drop"` // those that a full table did let go
	TCPStates       []uint64 `json:"tcp_states"`
	MaxSessions     int      `json:"max_sessions"`
	MaxExpectations int      `json:"max_expectations"`
	Used            int      `json:"used"` // sessions and expectations of both families
	UsedExpected    int      `json:"used_expectations"`
	DataRanges      int      `json:"data_ranges"`         // of encrypted control sessions (tls-data-ports)
	RangeChildren   uint64   `json:"data_range_sessions"` // that came through one
	RangeRefused    uint64   `json:"data_range_refused"`  // that found it full, or did not begin with TLS
	Mappings        int      `json:"mappings"`            // endpoint-independent ones
	Exhausted       uint64   `json:"nat_exhausted"`       // sessions that found no port or address to be translated to
}

// tcpStates are the names of proto_state, which they are indexed by.
var tcpStates = [...]string{
	session.StateNone: "NONE", session.StateEstablished: "ESTABLISHED", session.StateSynSent: "SYN_SENT",
	session.StateSynReceived: "SYN_RECV", session.StateFinWait: "FIN_WAIT", session.StateTimeWait: "TIME_WAIT",
	session.StateClose: "CLOSE", session.StateCloseWait: "CLOSE_WAIT", session.StateLastAck: "LAST_ACK",
}

// stats counts what the query chooses.
func (w *walker) stats(rate float64) (*Stats, error) {
	c := w.source.Counters()
	st := &Stats{
		SetupRate: rate, Clashes: c.Clashes, Cleared: c.Cleared, TCPStates: make([]uint64, len(tcpStates)),
		MaxSessions: c.MaxSessions, MaxExpectations: c.MaxExpectations, Used: c.Sessions, UsedExpected: c.Expectations,
		Ephemeral: c.Ephemeral, MaxEphemeral: c.MaxEphemeral, Removable: c.Removable, Tension: c.Tension,
		DataRanges: c.DataRanges, RangeChildren: c.RangeChildren, RangeRefused: c.RangeRefused,
		Mappings: c.Mappings, Exhausted: c.Exhausted,
	}
	if err := w.expectations(func(*Session) { st.Expectations++ }); err != nil {
		return nil, err
	}
	return st, w.sessions(st.count)
}

func (st *Stats) count(s *Session) {
	st.Sessions++
	if s.Proto == packet.ProtoTCP && int(s.ProtoState) < len(st.TCPStates) {
		st.TCPStates[s.ProtoState]++
	}
}

// String is what diagnose sys session stat prints.
func (st *Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "misc info:\tsession_count=%d setup_rate=%.0f exp_count=%d reflect_count=0 clash=%d\n",
		st.Sessions, st.SetupRate, st.Expectations, st.Clashes)
	fmt.Fprintf(&b, "\tmemory_tension_drop=%d ephemeral=%d/%d removeable=%d extreme_low_mem=0\n", st.Tension, st.Ephemeral, st.MaxEphemeral, st.Removable)
	fmt.Fprintf(&b, "delete=%d, flush=0, dev_down=0/0 ses_walkers=0\n", st.Cleared)
	b.WriteString("TCP sessions:\n")
	for i, n := range st.TCPStates {
		if n > 0 {
			fmt.Fprintf(&b, "\t%10d in %s state\n", n, tcpStates[i])
		}
	}
	fmt.Fprintf(&b, "global: ses_limit=%d ses6_limit=0 rt_limit=0 rt6_limit=0\n", st.MaxSessions)
	return b.String()
}

// Full is what diagnose sys session full-stat prints.
func (st *Stats) Full() string {
	return fmt.Sprintf("session table:\t\ttable_size=%d used=%d\nexpect session table:\ttable_size=%d used=%d\n"+
		"tls data ranges:\tused=%d sessions=%d refused=%d\nnat:\t\t\teim=%d exhausted=%d\n%s",
		st.MaxSessions, st.Used, st.MaxExpectations, st.UsedExpected, st.DataRanges, st.RangeChildren, st.RangeRefused,
		st.Mappings, st.Exhausted, st)
}
