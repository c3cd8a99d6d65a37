package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"portcullis/telemetry"
)

// runOptions are the flags of run.
type runOptions struct {
	config   string
	logFile  string
	stateDir string
	sessions string // a file; "": in the state directory; "none": they end
	control  controlOptions
}

func runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Forward packets until told to end",
		Long: `Forward packets, in the foreground, until told to end.

SIGTERM and SIGINT  end: devices are put back as they were, sessions are written for the next start
SIGHUP              read the configuration again; a file with any mistake changes nothing
SIGUSR1             print a status line on standard error
SIGUSR2             open the traffic log anew, after its file was moved away`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return run(o) },
	}
	configFlag(c, &o.config)
	c.Flags().StringVar(&o.logFile, "log-file", "-", "the `file` the traffic log is appended to; - is standard output")
	stateDirFlag(c, &o.stateDir)
	c.Flags().StringVar(&o.sessions, "sessions", "", "the `file` that sessions are written to at the end and taken up from at the start; none has them end (default sessions in the state directory)")
	o.control.flags(c)
	return c
}

// run is the life of the daemon.
func run(o runOptions) error {
	cfg, err := load(o.config)
	if err != nil {
		return err
	}
	log := newLogger()
	out, err := openLog(o.logFile)
	if err != nil {
		return fmt.Errorf("traffic log: %w", err)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)

	socket, err := o.listenControl()
	if err != nil {
		return errors.Join(err, out.Close())
	}
	lock, err := o.own(log, ownPatience)
	if err != nil {
		return errors.Join(err, closeSocket(socket), out.Close())
	}
	defer lock.Close()
	d, err := start(cfg, o, log)
	if err != nil {
		return errors.Join(err, closeSocket(socket), out.Close())
	}
	traffic := d.trafficLog(out)
	ctx, cancel := context.WithCancel(context.Background())
	written := make(chan error, 1)
	go func() { written <- traffic.Run(ctx) }()
	go collectGarbage(ctx)

	if err = d.begin(); err == nil {
		api := d.serveControl(socket)
		log.Info("portcullis: ready", zap.String("config", o.config), zap.Int("interfaces", len(cfg.Interfaces)), zap.Int("policies", len(cfg.Policies)))
		d.serveSignals(signals, traffic)
		err = api.Close()
	} else {
		err = errors.Join(err, closeSocket(socket))
	}
	err = errors.Join(err, d.close())
	cancel()
	err = errors.Join(err, <-written)
	log.Info("portcullis: ended", zap.Uint64("loglines", traffic.Written()), zap.Uint64("loglost", traffic.Lost()))
	return err
}

// linksEvery is how often the devices are looked at for changes.
const linksEvery = 200 * time.Millisecond

// serveSignals does what the operator asks for until that is to end.
func (d *daemon) serveSignals(signals <-chan os.Signal, traffic *telemetry.TrafficLog) {
	links := time.NewTicker(linksEvery)
	defer links.Stop()
	for {
		select {
		case <-links.C:
			d.followLinks()
		case s := <-signals:
			switch s {
			case syscall.SIGHUP:
				d.reloadFile(d.opts.config)
			case syscall.SIGUSR1:
				fmt.Fprintln(os.Stderr, d.status(traffic))
			case syscall.SIGUSR2:
				traffic.Reopen()
			default:
				d.log.Info("portcullis: ending", zap.Stringer("signal", s))
				return
			}
		}
	}
}

// newLogger is the daemon's own log: lines for people, on standard error.
func newLogger() *zap.Logger {
	enc := zap.NewProductionEncoderConfig()
	enc.EncodeTime = zapcore.ISO8601TimeEncoder
	enc.EncodeLevel = zapcore.LowercaseLevelEncoder
	enc.ConsoleSeparator = " "
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(enc), zapcore.Lock(os.Stderr), zapcore.InfoLevel))
}

func openLog(path string) (telemetry.Output, error) {
	if path == "-" {
		return telemetry.Stdout{}, nil
	}
	return telemetry.OpenFile(path)
}
