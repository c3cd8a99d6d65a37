package telemetry

import (
	"fmt"
	"io"
	"text/tabwriter"

	"portcullis/packet"
)

// Counters are numbers of dropped packets by reason: a copy, taken when it was
// asked for. The place of packet.ReasonNone is not used.
type Counters [packet.NumReasons]uint64

// Add adds those of another worker.
func (c *Counters) Add(other *Counters) {
	for i := range c {
		c[i] += other[i]
	}
}

// Total is the number of all dropped packets.
func (c *Counters) Total() (n uint64) {
	for _, v := range c[packet.ReasonNone+1:] {
		n += v
	}
	return n
}

// WriteTable writes one line for each reason that packets died of, in the order
// of a packet's trip, and their total.
func (c *Counters) WriteTable(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "packets\treason\tmeaning")
	for r := packet.ReasonNone + 1; r < packet.NumReasons; r++ {
		if c[r] > 0 {
			fmt.Fprintf(tw, "%d\t%v\t%s\n", c[r], r, r.Text())
		}
	}
	fmt.Fprintf(tw, "%d\ttotal\n", c.Total())
	return tw.Flush()
}
