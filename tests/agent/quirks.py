"""How the simulated service and agent misbehave: as the real ones do, but sooner, unless a test says otherwise."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Quirks:
    # The agent sleeps before its first read of the terminal: 1 s in reality.
    first_read_after_s: float = 0.05
    # Then it reads at most so much, and sleeps after each read.
    read_size: int = 1024
    pause_after_read_s: float = 0.001
    # Cuts no character, and damages U+FFFD and what is not UTF-8 at the very end.
    damages_text: bool = True
    # Acknowledges and forgets what comes before the session's first output.
    drops_early_input: bool = True
    # How long it waits for acknowledgements when the command has ended: 2 s in reality. The rest is lost.
    end_window_s: float = 2.0
    # A command that cannot be started is reported after 2 s in reality.
    start_failure_after_s: float = 0.05
    session_limit: int = 2
    # The service ends a session in which nothing crosses: after 20 minutes in reality.
    idle_limit_s: float = 1200.0
    # Each message in either direction is lost with these probabilities, drawn from the seed.
    data_loss: float = 0.0
    acknowledgement_loss: float = 0.0
    seed: int = 1
    # The connection breaks when the agent has sent that many messages over it: one number a connection.
    cuts: tuple = ()
    # The agent's own connection breaks when it has written that many input messages and not yet acknowledged the last
    # of them: one number a break, counting what is written twice. Its client's connection stays.
    breaks_after_writing: tuple = ()
    # It is closed in order then, with 1000 "Bye", as the service does every hour.
    says_bye: bool = False
    # What ResumeSession does after a break.
    can_be_resumed: bool = True
    # What DescribeClusters says of the logging of exec sessions: NONE, DEFAULT, OVERRIDE; or an error's name.
    logging: str = "NONE"
