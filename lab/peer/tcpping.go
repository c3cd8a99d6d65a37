package peer

import (
	"flag"
	"io"
	"net"
	"slices"
	"time"
)

// Ping is the report of one byte sent to and fro on one connection.
type Ping struct {
	Count    int
	P50, P99 time.Duration
}

// tcpPing measures round trips to a tcp-echo.
func tcpPing(args []string) error {
	flags := flag.NewFlagSet("tcp-ping", flag.ContinueOnError)
	to := flags.String("to", "", "address and port of a tcp-echo")
	duration := flags.Duration("duration", 5*time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c, err := net.DialTimeout("tcp", *to, 3*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(*duration + 5*time.Second)); err != nil {
		return err
	}
	var (
		trips []time.Duration
		buf   = make([]byte, 1)
	)
	for begin := time.Now(); time.Since(begin) < *duration; {
		sent := time.Now()
		if _, err := c.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, buf); err != nil {
			return err
		}
		trips = append(trips, time.Since(sent))
	}
	slices.Sort(trips)
	n := len(trips)
	report(Ping{Count: n, P50: trips[n/2], P99: trips[n*99/100]})
	return nil
}
