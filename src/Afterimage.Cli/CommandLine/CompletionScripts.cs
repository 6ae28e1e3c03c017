namespace Afterimage.Cli.CommandLine;

/// <summary>Scripts that make a shell ask the command itself for completions, with its <c>[suggest]</c> directive.</summary>
/// <remarks>
/// Each script passes the line up to the cursor, under the command's own name, whatever name it was called by. Options are offered once
/// their dash has been typed. Before that, if there is nothing else to offer, the shell completes files.
/// </remarks>
internal static class CompletionScripts
{
    public const string Bash =
        """
        # To be sourced by bash: source <(afterimage completion bash)
        _afterimage() {
            local before="${COMP_LINE:0:COMP_POINT}" current="${COMP_WORDS[COMP_CWORD]}" suggestion
            local line="afterimage${before#"${COMP_WORDS[0]}"}"
            COMPREPLY=()
            while IFS= read -r suggestion; do
                if [[ -n "$suggestion" && "$suggestion" == "$current"* && ( "$suggestion" != -* || "$current" == -* ) ]]; then
                    COMPREPLY+=("$suggestion")
                fi
            done < <("$1" "[suggest:${#line}]" "$line" 2>/dev/null)
        }
        complete -o bashdefault -o default -F _afterimage afterimage
        """;

    public const string Zsh =
        """
        #compdef afterimage
        # To be sourced by zsh, after compinit: source <(afterimage completion zsh)
        _afterimage() {
            local line="afterimage ${(j: :)words[2,CURRENT-1]}" suggestion
            local -a suggestions
            (( CURRENT > 2 )) && line+=" "
            line+="$PREFIX"
            while IFS= read -r suggestion; do
                if [[ -n "$suggestion" && "$suggestion" == "$PREFIX"* && ( "$suggestion" != -* || "$PREFIX" == -* ) ]]; then
                    suggestions+=("$suggestion")
                fi
            done < <("$words[1]" "[suggest:${#line}]" "$line" 2>/dev/null)
            if (( $#suggestions )); then
                compadd -- $suggestions
            else
                _files
            fi
        }
        compdef _afterimage afterimage
        """;

    public const string Fish =
        """
        # To be kept by fish: afterimage completion fish > ~/.config/fish/completions/afterimage.fish
        function __afterimage_suggestions
            set -l words (commandline -opc)
            set -l current (commandline -ct)
            set -l line "afterimage "(string join -- " " $words[2..] "$current")
            set -l hidden '^(-|$)'
            string match -q -- "-*" "$current"; and set hidden '^$'
            set -l suggestions ($words[1] "[suggest:"(string length -- $line)"]" $line 2>/dev/null | string match -rv -- $hidden)
            if set -q suggestions[1]
                string join \n -- $suggestions
            else
                __fish_complete_path "$current"
            end
        end
        complete -c afterimage -f -a "(__afterimage_suggestions)"
        """;

    public const string PowerShell =
        """
        # To be run by PowerShell: afterimage completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName afterimage -ScriptBlock {
            param($current, $command, $cursor)
            $words = @($command.CommandElements | Select-Object -Skip 1 |
                Where-Object { $_.Extent.StartOffset -lt $cursor } | ForEach-Object { "$_" })
            $line = (@("afterimage") + $words) -join " "
            if (-not $current) { $line += " " }
            & $command.GetCommandName() "[suggest:$($line.Length)]" $line 2>$null |
                Where-Object { $_.StartsWith($current) -and (-not $_.StartsWith("-") -or $current.StartsWith("-")) } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, "ParameterValue", $_) }
        }
        """;
}
