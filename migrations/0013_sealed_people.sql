-- Names of people are sealed from here on: a person who is known by nothing but a name is compared
-- by what it is sealed to, the same for the same person. A request from before has the name itself:
-- of such two nobody here can tell whether they are one, so it has to be asked for anew.
SET LOCAL ROLE truetape_owner;

ALTER TABLE tape.corrections ADD CONSTRAINT corrections_can_be_compared CHECK (
    made_alone OR approved_by IS NULL
    OR NOT (approved_by LIKE 'member:~%' AND requested_by LIKE 'member:%'
        AND requested_by NOT LIKE 'member:~%')
);
