package replay

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"portcullis/packet"
)

// Summary is what there is to say at the end of a replay.
type Summary struct {
	Kind    string  `json:"event"` // "summary"
	Files   int     `json:"files"`
	Frames  int     `json:"frames"`
	Seconds float64 `json:"seconds"`

	Forwarded int            `json:"forwarded"`
	Held      int            `json:"held"` // fragments, and parts of a helper's message, until the rest came
	Answered  int            `json:"answered"`
	Dropped   int            `json:"dropped"`
	Drops     map[string]int `json:"drops"` // by reason

	Neighbour int            `json:"neighbour"`      // ARP and neighbour discovery, which ports answer themselves
	Sent      int            `json:"sent"`           // what the firewall itself would have sent
	Late      int            `json:"late,omitempty"` // frames that were captured a second or more before one that came earlier
	NoRoute   *Misfit        `json:"no_route,omitempty"`
	OneSide   *Misfit        `json:"one_side,omitempty"`
	Links     map[string]int `json:"links,omitempty"` // frames of links that carry no IP known here
	Cut       int            `json:"cut"`             // frames that the capture has a part of
	Completed int            `json:"completed"`       // checksums that a network card would have computed
	Resent    int            `json:"resent"`          // segments that came before their turn, and once more in it

	Sessions int `json:"sessions"` // began
	Children int `json:"children"`
	Live     int `json:"live"`             // of both, at the end
	Midway   int `json:"midway,omitempty"` // of both, those of TCP whose beginning is not in the capture

	Expected int    `json:"expected"` // expectations that helpers made
	Unused   int    `json:"unused"`   // those of them that nobody used in time
	Waiting  int    `json:"waiting"`  // those that are left
	Refused  uint64 `json:"refused"`  // announcements that were not believed
	Detached int    `json:"detached"`
}

// Misfit are frames that make one doubt whether the configuration belongs to the
// network of the capture.
type Misfit struct {
	Frames int        `json:"frames"`
	Frame  int        `json:"frame"` // of the first of them, with its addresses
	Src    netip.Addr `json:"src"`
	Dst    netip.Addr `json:"dst"`
	In     string     `json:"in"` // the interface that it arrived by
}

// add counts one more.
func (m *Misfit) add(frame int, k *packet.Key, in string) *Misfit {
	if m == nil {
		m = &Misfit{Frame: frame, Src: k.Src.Netip(), Dst: k.Dst.Netip(), In: in}
	}
	m.Frames++
	return m
}

// Write prints s for people.
func (s *Summary) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "frames        %d, files %d, seconds %.3f\n", s.Frames, s.Files, s.Seconds)
	fmt.Fprintf(&b, "packets       %d forwarded, %d held, %d answered, %d dropped\n", s.Forwarded, s.Held, s.Answered, s.Dropped)
	fmt.Fprintf(&b, "sessions      %d began, %d children of helpers, %d live at the end\n", s.Sessions, s.Children, s.Live)
	fmt.Fprintf(&b, "expectations  %d made, %d unused, %d waiting at the end; %d announcements refused, %d helpers let go\n",
		s.Expected, s.Unused, s.Waiting, s.Refused, s.Detached)
	for _, n := range []struct {
		count int
		what  string
	}{
		{s.Neighbour, "frames of ARP or neighbour discovery, which ports answer themselves"},
		{s.Sent, "frames that the firewall itself would have sent: passed over"},
		{s.Cut, "frames cut when they were captured (snap length)"},
		{s.Resent, "segments dropped because they came before their turn (helper-gap), and taken as sent again in it"},
		{s.Midway, "TCP connections whose beginning is not in the capture: no helper reads them"},
		{s.Late, "frames that were captured a second or more before an earlier one: time stood still (are the files in their order?)"},
		{s.Completed, "checksums that were left to a network card: taken as right"},
	} {
		if n.count != 0 {
			fmt.Fprintf(&b, "note          %d %s\n", n.count, n.what)
		}
	}
	if m := s.NoRoute; m != nil {
		fmt.Fprintf(&b, "note          %d frames died that are from hosts no route of the configuration leads to, as frame %d from %s: taken as arriving by %s (--in says by which)\n",
			m.Frames, m.Frame, m.Src, m.In)
	}
	if m := s.OneSide; m != nil {
		fmt.Fprintf(&b, "note          %d frames died whose source and destination are both behind one interface, as those of frame %d (%s > %s, %s): are these the networks of the configuration?\n",
			m.Frames, m.Frame, m.Src, m.Dst, m.In)
	}
	for _, link := range slices.Sorted(maps.Keys(s.Links)) {
		fmt.Fprintf(&b, "note          %d frames of %s, which is not read: passed over\n", s.Links[link], link)
	}
	for _, why := range slices.SortedFunc(maps.Keys(s.Drops), func(a, b string) int {
		if d := s.Drops[b] - s.Drops[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	}) {
		fmt.Fprintf(&b, "dropped       %6d  %s\n", s.Drops[why], why)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
