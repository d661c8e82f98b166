"""What the model said: task types, submissions, their exact bytes, and replays of answers already given."""
