package peer

import (
	"flag"
	"net"
	"strings"
	"sync"
	"time"
)

// Churn is the report of connections opened and closed as fast as they go.
type Churn struct {
	Connections int64
	Failed      int64
	Seconds     float64
}

// tcpChurn connects and closes with a reset (SO_LINGER 0), so that neither side
// keeps a port in TIME_WAIT: the kernel's stack at the ends would run out of
// ports long before a firewall runs out of breath.
func tcpChurn(args []string) error {
	flags := flag.NewFlagSet("tcp-churn", flag.ContinueOnError)
	to := flags.String("to", "", "addresses and ports of a tcp-sink, separated by commas")
	workers := flags.Int("workers", 4, "connections at once")
	duration := flags.Duration("duration", 5*time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		sum   Churn
		begin = time.Now()
		peers = strings.Split(*to, ",")
	)
	for w := range *workers {
		wg.Go(func() {
			var done, failed int64
			for i := w; time.Since(begin) < *duration; i++ {
				c, err := net.DialTimeout("tcp", peers[i%len(peers)], time.Second)
				if err != nil {
					failed++
					continue
				}
				done++
				_ = c.(*net.TCPConn).SetLinger(0)
				c.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			sum.Connections += done
			sum.Failed += failed
		})
	}
	wg.Wait()
	sum.Seconds = time.Since(begin).Seconds()
	report(sum)
	return nil
}
