package packettest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Random is a line that spells a packet of TCP, UDP or an ICMP query, both
// families, with options, offload and fragments: for property tests.
func Random(r *rand.Rand) string {
	return random{r}.line(r.IntN(2) == 0)
}

type random struct{ r *rand.Rand }

func (x random) line(six bool) string {
	var b strings.Builder
	src, dst := x.addr(six), x.addr(six)
	switch x.r.IntN(4) {
	case 0:
		fmt.Fprintf(&b, "tcp %s > %s %s seq %d ack %d win %d", x.port(src), x.port(dst),
			[]string{"S", "SA", "A", "PA", "FA", "R", "RA", "-"}[x.r.IntN(8)], x.r.Uint32(), x.r.Uint32(), x.r.IntN(65536))
		b.WriteString([]string{"", " mss 1460", " ts 5/9", " mss 9 ws 3 sackok", " sack 1-2,3-4"}[x.r.IntN(5)])
	case 1:
		fmt.Fprintf(&b, "udp %s > %s", x.port(src), x.port(dst))
		if !six && x.r.IntN(4) == 0 {
			b.WriteString(" nosum")
		}
	case 2:
		fmt.Fprintf(&b, "sctp %s > %s tag %d %s", x.port(src), x.port(dst), x.r.Uint32(), []string{"init 9", "cookie-echo sack", "heartbeat", "abort/t"}[x.r.IntN(4)])
	default:
		name := "icmp"
		if six {
			name = "icmp6"
		}
		fmt.Fprintf(&b, "%s %s > %s %s id %d seq %d", name, src, dst, []string{"echo", "echo-reply"}[x.r.IntN(2)], x.r.IntN(65536), x.r.IntN(65536))
	}
	if n := x.r.IntN(3); n > 0 {
		fmt.Fprintf(&b, " len %d from %d", x.r.IntN(1400), x.r.IntN(26))
	}
	fmt.Fprintf(&b, " ttl %d", 1+x.r.IntN(255))
	x.rare(&b, six)
	return b.String()
}

// rare adds what few packets have.
func (x random) rare(b *strings.Builder, six bool) {
	tcp := strings.HasPrefix(b.String(), "tcp")
	if strings.Contains(b.String(), "nosum") {
		return
	}
	switch x.r.IntN(8) {
	case 0:
		b.WriteString(" partial")
		if tcp {
			b.WriteString(" gso 500")
		}
	case 1:
		fmt.Fprintf(b, " vlan %d", x.r.IntN(4096))
	case 2:
		b.WriteString(" badsum")
	case 3:
		if six {
			b.WriteString(" ext 0 ext 60")
		} else {
			fmt.Fprintf(b, " df ipid %d ipopt 01010101", x.r.IntN(65536))
		}
	case 4:
		fmt.Fprintf(b, " tos %d", x.r.IntN(256))
	}
}

func (x random) addr(six bool) string {
	if six {
		return fmt.Sprintf("fd%02x:%x::%x", x.r.IntN(256), 1+x.r.IntN(65535), 1+x.r.IntN(65535))
	}
	return fmt.Sprintf("%d.%d.%d.%d", 1+x.r.IntN(126), x.r.IntN(256), x.r.IntN(256), x.r.IntN(256))
}

func (x random) port(addr string) string {
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return fmt.Sprintf("%s:%d", addr, x.r.IntN(65536))
}
